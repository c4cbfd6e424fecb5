// A live case: what the console sends is kept in `things`, and every part of the page draws itself from it.
// What an event says replaces what was known under the same name, so an event that comes late or twice does no harm.

import { drawAlerts } from "./alerts.js";
import { byId, clock, el, english, named, show, t } from "./dom.js";
import { drawLog } from "./log.js";
import { drawPanels } from "./panels.js";
import { drawMarks, startPictures } from "./picture.js";
import { drawSound, startSound } from "./sound.js";
import { drawThoughts } from "./thoughts.js";
import { drawCourse } from "./timeline.js";

const CASE = byId("live").dataset.case;
const LATE_MS = 2000; // from the record to this page
const LOST_MS = 3500; // three beats of the console and a little
const things = { case: {}, now: {}, channels: {}, alerts: {}, goals: {}, phases: {}, marks: {}, log: {}, thoughts: {}, sources: {}, answers: {} };
const state = { case: CASE, things, beat: null, heard_ms: -Infinity, counter: -1, tick_ms: null, clocks_ms: Infinity, answers: byId("live").dataset.answers === "yes" };
window.medgrpo = state; // for whoever debugs or tests this page

const DRAWN = [drawStanding, drawSound, drawAlerts, drawPanels, drawMarks, drawCourse, drawThoughts, drawLog];
let asked = false;

/** One part that cannot be drawn is named; it stops no other. */
function draw() {
  asked = false;
  const failed = [];
  for (const part of DRAWN) {
    try {
      part(state);
    } catch (error) {
      console.error(error);
      failed.push(`${part.name}: ${error.message}`);
    }
  }
  drawFaults(failed);
}

/** What of the record, or of this page, cannot be shown. */
function drawFaults(failed) {
  const odd = things.case.faults;
  const lines = [];
  if (odd) lines.push(el("p", {}, t("live.odd_entries", { count: odd.count }), " ", english(odd.why)));
  if (state.beat?.fault) lines.push(el("p", {}, t("live.standing_damaged"), ": ", english(state.beat.fault)));
  if (failed.length) lines.push(el("p", {}, t("live.odd_parts", { parts: failed.join("; ") })));
  byId("faults").hidden = !lines.length;
  document.body.dataset.faults = lines.length; // the phase makes room
  show(byId("faults"), JSON.stringify([odd, state.beat?.fault, failed]), ...lines);
}

function soon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function connect() {
  const source = new EventSource(`/cases/${CASE}/events`); // reconnects by itself, and says by Last-Event-ID what it has seen
  source.addEventListener("patch", (event) => {
    const patch = JSON.parse(event.data);
    for (const [section, here] of Object.entries(patch.things)) Object.assign((things[section] ??= {}), here);
    state.counter = patch.counter;
    state.heard_ms = performance.now();
    if (patch.things.now?.tick) state.tick_ms = Date.now() - Date.parse(patch.things.now.tick.wall);
    soon();
  });
  source.addEventListener("beat", (event) => {
    state.beat = JSON.parse(event.data);
    state.heard_ms = performance.now();
    state.clocks_ms = Math.min(state.clocks_ms, Date.now() - state.beat.now_ms);
    soon();
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000); // the console refused: signed out, restarted, full
    soon();
  });
}

/** Why what the page shows is not what happens now; null while it is. The first that holds: the nearest to the reader. */
export function stale() {
  if (performance.now() - state.heard_ms > LOST_MS) return state.beat === null ? "connecting" : "disconnected";
  if (state.beat === null) return "connecting";
  return state.beat.standing === "live" ? null : state.beat.standing;
}

/** How late the newest tick came, in ms: what this clock is ahead of the console's is taken off (the least that a beat ever took). */
function late_ms() {
  return state.tick_ms === null || state.clocks_ms === Infinity ? 0 : state.tick_ms - state.clocks_ms;
}

function drawStanding() {
  const tick = things.now.tick;
  const why = stale();
  document.body.dataset.stale = why ?? "";
  const standing = byId("standing");
  const late = why === null && late_ms() > LATE_MS;
  const now = late ? t("live.standing_late", { seconds: (late_ms() / 1000).toFixed(0) }) : t("live.standing_live");
  const words = why === null ? now : t(`live.standing_${why}`, { age: age(why) });
  if (standing.textContent !== words) standing.textContent = words;
  standing.dataset.standing = why ?? (late ? "late" : "live");
  byId("simulated").hidden = !(things.case.about?.simulated || tick?.simulated);
  byId("clock-time").textContent = tick ? clock(tick.seconds) : "--:--";
  drawPhase(tick);
}

function age(why) {
  const silent = why === "disconnected" ? (performance.now() - state.heard_ms) / 1000 : (state.beat?.age_seconds ?? 0);
  return clock(silent);
}

function drawPhase(tick) {
  const phase = byId("phase");
  const reason = tick?.blind ?? tick?.not_assessed;
  const key = tick?.phase ? tick.phase : `- ${reason ?? ""}`;
  if (phase.dataset.shows === key) return;
  phase.dataset.shows = key;
  if (tick?.phase) {
    const phases = things.case.about?.phases ?? [];
    const place = phases.findIndex((one) => one.id === tick.phase);
    const where = document.createElement("small");
    where.textContent = place < 0 ? "" : t("live.place", { place: place + 1, of: phases.length });
    phase.replaceChildren(named("phase", tick.phase, phases[place]?.name), where);
  } else if (tick) {
    const small = document.createElement("small");
    small.append(reason ? english(reason) : t("live.no_phase"));
    phase.replaceChildren(t("live.phase_unknown"), small);
  }
}

/** How much of the screen banner and head take: the rest is for what one looks for. */
function placeScreen() {
  byId("live").style.setProperty("--above", `${byId("live").getBoundingClientRect().top + window.scrollY}px`);
}

const head = new ResizeObserver(placeScreen);
for (const part of document.querySelectorAll(".banner, header.top")) head.observe(part);
startSound(state, stale);
connect();
startPictures(state, soon);
setInterval(soon, 1000); // times that count, and silence, which sends no event
