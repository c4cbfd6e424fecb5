// The page's loudspeaker: what it is doing is always said, and it never claims a sound that it cannot make.
//
// Browsers make no sound before somebody has pressed something, so every page begins silent and says so. Of several windows on one case
// one sounds (a lock of the browser). What a person does with the sound is told to the record, later where it cannot be told now.

import { byId, clock, el, show, t } from "./dom.js";
import { LOSS, PAUSE_MS, heardOf, isAnswered, isPaused, next, signalsOf } from "./sounding.js";
import { playBurst, playConfirmation } from "./synthesis.js";
import { post } from "./telling.js";

const LOOK_SECONDS = 0.1;
const DEAD_MS = 2000; // an audio clock that stands so long makes no sound, whatever the browser says
const RETRY_MS = 5000;
const MOST_UNTOLD = 20;

let state, stale; // of the page
let context = null;
let ticked_ms = -Infinity;
let holds = false; // the lock: this window is the one that sounds
let leave = null; // gives the lock up, or the wait for it
let pressed_ms = -Infinity;
let keeps_focus = false;
let pause = null;
let last = null;
let cut = () => {};
let was_live = false;
const untold = []; // {sound, pause_seconds, at_ms}, the oldest first
const telling = { busy: false, tried_ms: -Infinity, request: null, refused: false };

export function startSound(page, why_stale) {
  [state, stale] = [page, why_stale];
  state.sound = { begun: [], mode: "" }; // what was sounded, for whoever debugs or tests this page
}

/** Part of every drawing of the page. */
export function drawSound() {
  if (stale() === null) was_live = true;
  const mode = modeOf(stale());
  state.sound.mode = document.body.dataset.sound = mode;
  const box = byId("sound");
  keeps_focus = box.contains(document.activeElement) || (keeps_focus && document.activeElement === document.body);
  box.hidden = mode === "";
  if (mode === "") return;
  say("sound-words", t(`sound.${mode}`));
  say("sound-left", mode === "paused" ? clock(Math.ceil((pause.until_ms - performance.now()) / 1000)) : "");
  say("sound-told", told() && t(`sound.told_${told()}`));
  const changed = show(byId("sound-acts"), mode, ...(ACTS[mode] ?? []).map(([key, onclick]) => el("button", { type: "button", "data-sound": key, onclick }, t(`sound.${key}`))));
  if (changed && keeps_focus) box.querySelector("button")?.focus();
  tell();
}

/** Only what changes is written: a screen reader reads it anew else. */
function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

/** Empty: there is nothing to hear and nothing to say about it (the case is closed, or was never live here). */
function modeOf(deaf) {
  const about = state.things.case.about;
  if (!about || !was_live || deaf === "closed") return "";
  if (!about.partner) return "watcher";
  if (!window.AudioContext) return "unsupported";
  if (context === null) return "off";
  const now = performance.now();
  if (context.state !== "running" || now - ticked_ms > DEAD_MS) return now - pressed_ms < DEAD_MS ? "starting" : "blocked";
  if (!holds) return "elsewhere";
  return isPaused(pause, now) ? "paused" : "on";
}

const ACTS = {
  off: [["press", turnOn]],
  blocked: [["press", turnOn]],
  elsewhere: [["turn_off", turnOff]],
  on: [["pause", pauseNow]],
  paused: [["resume", resume], ["turn_off", turnOff]],
};

function turnOn() {
  turnSilent();
  const asked = new AbortController();
  [context, last, leave, pressed_ms] = [new AudioContext(), null, () => asked.abort(), performance.now()];
  context.addEventListener("statechange", drawSound);
  context.resume().catch(() => {}); // refused: its state says so
  if (navigator.locks) navigator.locks.request(`medgrpo sound ${state.case}`, { signal: asked.signal }, hold).catch(() => {}); // given up while waiting
  else holds = true; // not a secure page: every window sounds
  playConfirmation(context, context.currentTime + 0.05);
  tick(context);
  note("on", null);
  drawSound();
}

/** The lock is held until its promise ends. */
function hold() {
  holds = true;
  drawSound();
  return new Promise((release) => {
    leave = release;
  });
}

function turnSilent() {
  leave?.();
  cut();
  context?.close().catch(() => {}); // closed already
  [context, leave, holds, pause, cut] = [null, null, false, null, () => {}];
}

function turnOff() {
  note("off", null);
  turnSilent();
  drawSound();
}

function pauseNow() {
  const now = performance.now();
  pause = { until_ms: now + PAUSE_MS, covers: signals().map(({ id }) => id) };
  note("paused", PAUSE_MS / 1000);
  look();
  drawSound();
}

function resume() {
  pause = null;
  note("resumed", null);
  drawSound();
}

/** The audio clock's own beat: the end of a silent piece is an event, which no hidden window's timers hold up. */
function tick(own) {
  if (own !== context) return; // turned off meanwhile
  const piece = new ConstantSourceNode(own, { offset: 0 });
  piece.connect(own.destination);
  piece.onended = () => tick(own);
  piece.start();
  piece.stop(own.currentTime + LOOK_SECONDS);
  if (own.state === "running") ticked_ms = performance.now();
  look();
}

function signals() {
  return signalsOf(state.things.alerts, { deaf: stale(), partner: state.things.case.about?.partner === true, was_live });
}

/** What has to sound now begins, what has to end ends. */
function look() {
  if (stale() === null) was_live = true;
  if (context === null || !holds || context.state !== "running") return;
  const now = performance.now();
  const silenced = (id) => isPaused(pause, now) || (id !== LOSS.id && isAnswered(state.things.alerts[id]));
  const done = next(last, heardOf(signals(), pause, now), silenced, now);
  last = done.last;
  if (done.act === "") return;
  cut();
  cut = () => {};
  if (done.act === "begin") {
    cut = playBurst(context, last.priority, context.currentTime + 0.01);
    state.sound.begun.push({ priority: last.priority, ids: last.ids, at_ms: now });
  }
}

function note(sound, pause_seconds) {
  if (untold.length === MOST_UNTOLD) untold.shift();
  untold.push({ sound, pause_seconds, at_ms: performance.now() });
  telling.tried_ms = -Infinity;
  telling.refused = !state.answers;
  if (telling.refused) untold.length = 0;
  telling.request = null;
  tell();
}

/** not (a viewer tells the record nothing), waiting, sent, recorded; "" where nobody did anything. */
function told() {
  if (telling.refused) return "not";
  if (untold.length) return "waiting";
  if (telling.request === null) return "";
  return state.things.answers[telling.request] ? "recorded" : "sent";
}

/** One after the other; what the console cannot take now (nobody watches, not reached) is tried again. */
async function tell() {
  if (telling.busy || !untold.length || performance.now() - telling.tried_ms < RETRY_MS) return;
  telling.busy = true;
  telling.tried_ms = performance.now();
  const { sound, pause_seconds, at_ms } = untold[0];
  try {
    const reply = await post(`/cases/${state.case}/sound`, { sound, pause_seconds, ago_seconds: Math.round((performance.now() - at_ms) / 1000) });
    if (reply.ok) {
      untold.shift();
      telling.request = (await reply.json()).request;
      telling.tried_ms = -Infinity;
    } else if (reply.status === 403) {
      untold.length = 0;
      telling.refused = true;
    }
  } catch {
    // not reached: it stays in the list, and the page says so
  } finally {
    telling.busy = false;
  }
  drawSound();
}
