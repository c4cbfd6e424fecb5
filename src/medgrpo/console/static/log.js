// What was said, what was deliberately not said and why, what people did, what happened to the video: the newest first.

import { byId, clock, el, english, known, show, t } from "./dom.js";

const SHOWN = 60;

export function drawLog(state) {
  const all = Object.entries(state.things.log);
  const newest = all.sort(([a], [b]) => b - a).slice(0, SHOWN);
  show(byId("log"), newest.map(([key]) => key).join(), ...newest.map(([, line]) => row(line)));
}

function row(line) {
  const what = known(`decision.${line.what}`) ? t(`decision.${line.what}`) : line.what;
  const name = line.channel && known(`channel.${line.channel}`) ? t(`channel.${line.channel}`) : line.name ? english(line.name) : "";
  const by = line.by ? ` (${line.by})` : "";
  const time = typeof line.seconds === "number" ? clock(line.seconds) : line.wall.slice(11, 19);
  return el("tr", { "data-what": line.what }, el("td", { class: "number" }, time), el("td", {}, what + by), el("td", {}, name), el("td", {}, line.why ? english(line.why) : ""));
}
