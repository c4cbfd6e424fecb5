// The critical view, what comes next, and the channels: always in the same places, so that one learns where to look.

import { byId, clock, el, english, length, named, ordered, percent, show, t } from "./dom.js";
import { openDialog } from "./dialog.js";
import { stale } from "./live.js";

const CRITICAL = ["triangle_cleared", "cystic_plate_exposed", "two_structures_only"];
export const SIGNS = { alert: "!", "not assessed": "?", clear: "✓", monitoring: "○" };
const LEVELS = { "not begun": "", "under way": "◐", achieved: "✓", "not assessed": "?" };
const GOALS = ordered("goal");
const ORDER = ordered("channel");
const LEAST_TOLD = 0.15;
const SHOWN_NEXT = [["phase", 2], ["step", 1], ["action", 1]];

export function drawPanels(state) {
  drawGoals(state);
  drawNext(state);
  drawChannels(state);
}

function drawGoals(state) {
  const { goals, now } = state.things;
  const place = (goal) => GOALS.indexOf(goal.goal);
  const here = Object.values(goals).filter((goal) => goal.phase === now.tick?.phase && !CRITICAL.includes(goal.goal)).sort((a, b) => place(a) - place(b));
  const all = [...CRITICAL.filter((id) => id in goals).map((id) => goals[id]), ...here];
  const key = JSON.stringify(all) + here.length;
  show(byId("criteria"), key, ...all.map((goal) => goalRow(goal, state)));
}

function goalRow(goal, state) {
  const name = named("goal", goal.goal, goal.name);
  const row = el(
    "li",
    { class: CRITICAL.includes(goal.goal) ? "criterion" : "goal", "data-level": goal.level },
    el("button", { type: "button", onclick: () => explainGoal(goal, state) },
      el("span", { class: "sign", "aria-hidden": "true" }, LEVELS[goal.level]),
      el("span", { class: "name" }, name),
      el("span", { class: "state" }, t(`level.${goal.level}`)),
      CRITICAL.includes(goal.goal) ? el("span", { class: "why" }, english(goal.why)) : null,
    ),
  );
  return row;
}

function explainGoal(goal, state) {
  openDialog(named("goal", goal.goal, goal.name), [
    el("p", {}, english(goal.criterion)),
    el("p", {}, el("b", {}, t(`level.${goal.level}`)), " ", t("live.since", { time: clock(goal.since) })),
    el("p", {}, english(goal.why)),
    ...sources(goal.citations ?? [], state.things.sources),
  ]);
}

function drawNext(state) {
  const { now } = state.things;
  const forecast = now.forecast;
  const knows = forecast && now.tick?.phase;
  if (stale() === "closed") {
    show(byId("next"), "closed", el("li", { class: "none" }, t("live.picture_closed")));
    return;
  }
  if (!knows) {
    show(byId("next"), "none", el("li", { class: "none" }, t("live.next_unknown")));
    return;
  }
  const left = now.tick.seconds - forecast.seconds;
  const options = SHOWN_NEXT.flatMap(([kind, most]) =>
    forecast.options.filter((one) => one.kind === kind && one.id !== now.tick.phase && one.probability >= LEAST_TOLD).slice(0, most),
  );
  const rows = options.map((one) => nextRow(one, left));
  const asOf = el("li", { class: "none" }, t("live.next_as_of", { time: clock(forecast.seconds) }));
  show(byId("next"), JSON.stringify(options) + Math.floor(left / 15), ...rows, asOf);
}

function nextRow(option, left) {
  const name = option.kind === "phase" ? named("phase", option.id, option.name) : english(option.name);
  return el(
    "li",
    { "data-kind": option.kind },
    el("span", { class: "kind" }, t(`live.next_${option.kind}`)),
    el("span", { class: "name" }, name),
    el("span", { class: "when" }, when(option, left)),
    el("span", { class: "sure" }, percent(option.probability)),
  );
}

/** In how long, from now, as an interval where the forecast gives one. */
function when(option, left) {
  const from = option.low_seconds;
  const to = option.high_seconds;
  if (typeof from === "number" && typeof to === "number" && to - left > 5) {
    if (from - left < 5) return t("live.within", { time: length(to - left) });
    return t("live.in_between", { from: length(Math.max(0, from - left)), to: length(to - left) });
  }
  if (typeof option.in_seconds === "number" && option.in_seconds - left > 5) return t("live.in_about", { time: length(option.in_seconds - left) });
  return "";
}

function drawChannels(state) {
  const place = (id) => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);
  const all = Object.entries(state.things.channels).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  const gone = stale();
  const old = gone === null ? null : t(gone === "closed" ? "live.channel_closed" : "live.channel_old"); // why nothing is assessed now
  const risks = all.filter(([id, channel]) => !isTechnical(id, channel));
  show(byId("risks"), JSON.stringify([risks, old]), ...risks.map(([id, channel]) => channelRow(id, channel, old, state)));
  drawTechnical(all.filter(([id, channel]) => isTechnical(id, channel)), old, state);
}

/** Technical channels: one place for all; those that need a word are named, the others are counted; a choice shows all. */
function drawTechnical(all, old, state) {
  const loud = all.filter(([, channel]) => channel.state !== "monitoring");
  const words = t("live.technical", { quiet: old ? 0 : all.length - loud.length, of: all.length });
  const open = () => openDialog(words, [el("ul", { class: "risks listed" }, ...all.map(([id, channel]) => channelRow(id, channel, old, state)))]);
  const alerts = loud.some(([, channel]) => channel.state === "alert");
  const names = old !== null && !alerts ? [old] : loud.flatMap(([id, channel], at) => [at ? ", " : "", named("channel", id, channel.name), ` (${t(`state.${channel.state}`)})`]);
  const urgent = URGENCY.find((one) => loud.some(([, channel]) => channel.state === "alert" && channel.priority === one)) ?? "";
  const row = el("li", { "data-state": alerts ? "alert" : loud.length || old ? "not assessed" : "monitoring", "data-priority": urgent },
    el("button", { type: "button", onclick: open },
      el("span", { class: "sign", "aria-hidden": "true" }, alerts ? "!" : loud.length || old ? "?" : "○"),
      el("span", { class: "name" }, words),
      names.length ? el("span", { class: "why" }, ...names) : null,
    ),
  );
  show(byId("technical"), JSON.stringify([loud.map(([id, channel]) => [id, channel.state, channel.priority]), old, all.length]), row);
}

/** The most urgent first. */
const URGENCY = ["Hi", "Me", "Lo"];

const isTechnical = (id, channel) => channel.kind === "Tec" && id !== "view";

function channelRow(id, channel, old, state) {
  // what nobody watches any more is not monitored, whatever it last was
  const past = old !== null && channel.state !== "alert";
  const shown = past ? { ...channel, state: "not assessed", why: old } : channel;
  const why = past ? old : english(shown.why);
  const reason = shown.state === "not assessed" || shown.state === "alert" ? el("span", { class: "why" }, why) : null;
  return el(
    "li",
    { "data-state": shown.state, "data-channel": id, "data-priority": shown.priority ?? "" },
    el("button", { type: "button", onclick: () => explainChannel(id, shown, past ? old : english(shown.why), state) },
      el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[shown.state]),
      el("span", { class: "name" }, named("channel", id, channel.name)),
      el("span", { class: "state" }, t(`state.${shown.state}`)),
      reason,
    ),
  );
}

function explainChannel(id, channel, why, state) {
  openDialog(named("channel", id, channel.name), [
    el("p", {}, el("b", {}, t(`state.${channel.state}`)), " ", t("live.since", { time: clock(channel.since) })),
    el("p", {}, why),
    channel.advice ? el("p", {}, el("b", {}, t("live.advice")), " ", english(channel.advice)) : null,
    el("p", { class: "quiet" }, english(channel.name), `, ${t(`priority.${channel.priority}`)}`),
    ...sources(channel.citations ?? [], state.things.sources),
  ]);
}

/** Citations as a list; one that nobody has read in its primary source says so. */
export function sources(keys, known) {
  if (!keys.length) return [];
  const items = keys.map((key) => {
    const source = known[key] ?? { title: key, source: "", year: null, checked: null };
    const year = source.year ? ` (${source.year})` : "";
    const unread = source.checked === false ? el("span", { class: "chip unchecked" }, t("live.unread")) : null;
    return el("li", {}, el("cite", { lang: "en" }, `${source.title}. ${source.source}${year}. `), unread);
  });
  return [el("h3", {}, t("live.sources")), el("ul", { class: "sources" }, ...items)];
}
