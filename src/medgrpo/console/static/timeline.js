// Where the operation is (its phases in their usual order), and how it has gone so far (a line that grows).

import { byId, clock, el, known, length, named, show, svg, t } from "./dom.js";
import { stale } from "./live.js";

const LEAST_SECONDS = 600;
const LANE = { phases: [2, 30], marks: [34, 28], axis: 76 };
const TICKS = [60, 120, 300, 600, 900, 1800, 3600];

export function drawCourse(state) {
  const about = state.things.case.about;
  if (!about) return;
  drawSteps(about.phases, state.things);
  drawLine(about.phases, state.things);
}

function stretches({ phases, now }) {
  const past = Object.values(phases).map((one) => ({ ...one }));
  const end = past.reduce((latest, one) => Math.max(latest, one.end), 0);
  const tick = now.tick;
  if (!tick || tick.seconds <= end) return past;
  const since = tick.phase ? Math.max(end, Math.min(tick.phase_since, tick.seconds)) : tick.seconds;
  if (since > end) past.push({ phase: null, start: end, end: since }); // no phase has settled for it
  if (tick.seconds > since) past.push({ phase: tick.phase, start: since, end: tick.seconds });
  return past;
}

function drawSteps(phases, things) {
  const spent = {};
  for (const one of stretches(things)) if (one.phase) spent[one.phase] = (spent[one.phase] ?? 0) + one.end - one.start;
  const rows = phases.map((phase, place) => {
    const current = things.now.tick?.phase === phase.id && stale() !== "closed";
    const seen = spent[phase.id] ?? 0;
    const words = current ? t("live.step_now", { time: length(seen) }) : seen > 0 ? t("live.step_seen", { time: length(seen) }) : t("live.step_not_seen");
    return el(
      "li",
      { "data-step": current ? "now" : seen > 0 ? "seen" : "open", "data-phase": place, "aria-current": current ? "step" : null },
      el("span", { class: "place" }, `${place + 1}`),
      el("span", { class: "name" }, known(`phase_short.${phase.id}`) ? t(`phase_short.${phase.id}`) : named("phase", phase.id, phase.name)),
      el("span", { class: "spent" }, words),
    );
  });
  show(byId("steps"), rows.map((row) => row.textContent + row.dataset.step).join("|"), ...rows);
}

function drawLine(phases, things) {
  const box = byId("timeline");
  const width = box.clientWidth;
  const now = things.now.tick?.seconds ?? 0;
  const key = `${width} ${Math.floor(now / 2)} ${Object.keys(things.marks).length} ${Object.keys(things.phases).length}`;
  if (!width) return;
  const whole = Math.max(LEAST_SECONDS, now * 1.04);
  const x = (seconds) => (width * seconds) / whole;
  const parts = [];
  const order = phases.map((phase) => phase.id);
  for (const one of stretches(things)) {
    const place = order.indexOf(one.phase);
    const at = { x: x(one.start), y: LANE.phases[0], width: Math.max(1, x(one.end) - x(one.start)), height: LANE.phases[1] };
    parts.push(svg("rect", { ...at, class: place < 0 ? "unseen-stretch" : `phase${place}` }));
    if (place >= 0 && at.width > 26) parts.push(svg("text", { x: at.x + at.width / 2, y: LANE.phases[0] + 21, class: "phase-number" }, `${place + 1}`));
  }
  for (const mark of Object.values(things.marks)) parts.push(...drawMark(mark, x(mark.seconds)));
  const step = TICKS.find((one) => (width * one) / whole > 90) ?? TICKS.at(-1);
  for (let at = 0; x(at) < width - 40; at += step) parts.push(svg("line", { x1: x(at), x2: x(at), y1: 64, y2: 69, class: "axis" }), svg("text", { x: x(at) + 3, y: LANE.axis + 6, class: "axis-text" }, clock(at)));
  parts.push(svg("line", { x1: x(now), x2: x(now), y1: 0, y2: 69, class: "now-line" }));
  const drawing = () => svg("svg", { width: "100%", height: 84, viewBox: `0 0 ${width} 84`, role: "img", "aria-label": t("live.timeline_alt", { time: clock(now) }) }, hatch(), ...parts);
  if (box.dataset.shows !== key) show(box, key, drawing());
}

function hatch() {
  const pattern = svg("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 8, height: 8, class: "hatch-ground" }), svg("rect", { width: 3, height: 8, class: "hatch-line" }));
  return svg("defs", {}, pattern);
}

/** Alerts are triangles, as tall as they are urgent; events dots; what happened to the video squares. */
function drawMark(mark, x) {
  const base = LANE.marks[0] + LANE.marks[1];
  const title = svg("title", {}, `${clock(mark.seconds)} ${known(`channel.${mark.about}`) ? t(`channel.${mark.about}`) : `${mark.what} ${mark.about}`}`);
  if (mark.kind === "alert") {
    const tall = { Hi: 30, Me: 22, Lo: 14 }[mark.what] ?? 10;
    return [svg("path", { d: `M${x} ${base - tall} l${tall / 2} ${tall} h${-tall} z`, class: `alert-mark ${mark.what}` }, title)];
  }
  if (mark.kind === "event") return [svg("circle", { cx: x, cy: base - 5, r: 5, class: "event-mark" }, title)];
  return [svg("rect", { x: x - 4, y: base - 8, width: 8, height: 8, class: "link-mark" }, title)];
}
