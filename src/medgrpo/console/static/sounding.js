// Which burst sounds now, from the signals that the record publishes and the time. Nothing here knows of browsers, pages or loudspeakers.

import { BURSTS, lasts_ms, rank } from "./bursts.js";

/** A person silences for so long, never for good. Ours. */
export const PAUSE_MS = 120_000;

/** The page's own signal: it can hear nothing any more. As urgent as lost video (reversible injury, prompt: medium). */
export const LOSS = { id: "connection", priority: "Me" };

const DEAF = ["disconnected", "silent", "stopped", "damaged"];
const ANSWERED = ["acknowledged", "dismissed"]; // Decision.* of medgrpo.stream

/**
 * What is signalled audibly now, the most urgent first. A condition alone sounds nothing, and so does what is latched, acknowledged, over,
 * or said by a watcher: the signal's own state decides. `deaf`: why the page cannot hear, null while it can. `partner`: somebody may be
 * interrupted here. `was_live`: this page has been of now since it was opened; until then it neither tells of old alerts nor misses anything.
 */
export function signalsOf(alerts, { deaf, partner, was_live }) {
  if (!was_live) return [];
  const on = Object.entries(alerts)
    .filter(([, alert]) => alert.audible === true && alert.presence === "On" && !alert.over && rank(alert.priority))
    .map(([id, alert]) => ({ id, priority: alert.priority }));
  if (partner && DEAF.includes(deaf)) on.push(LOSS);
  return on.sort((a, b) => rank(b.priority) - rank(a.priority));
}

/** What is heard of it: a pause holds everything back but a high alert that came after it was asked for. `pause`: {until_ms, covers}. */
export function heardOf(signals, pause, now_ms) {
  if (!isPaused(pause, now_ms)) return signals;
  return signals.filter(({ id, priority }) => priority === "Hi" && !pause.covers.includes(id));
}

export const isPaused = (pause, now_ms) => pause !== null && now_ms < pause.until_ms;

/** Whether a person has answered that alert: it is then silent at once. What ends by itself lets its burst end. */
export const isAnswered = (alert) => alert !== undefined && (alert.presence === "Ack" || ANSWERED.includes(alert.ended));

/**
 * What to do at this moment: {act: "begin" | "cut" | "", last}. `last`: the newest burst {priority, ids, ends_ms}, null before the first;
 * the one that is given back replaces it. `by_person(id)`: a person silenced that signal.
 */
export function next(last, signals, by_person, now_ms) {
  const first = signals[0];
  const more = first !== undefined && rank(first.priority) > rank(last?.priority);
  if (last !== null && now_ms < last.ends_ms) {
    if (more) return begin(signals, now_ms);
    const gone = last.ids.every((id) => !signals.some((signal) => signal.id === id));
    return gone && last.ids.some(by_person) ? { act: "cut", last: { ...last, ends_ms: now_ms } } : { act: "", last };
  }
  if (first === undefined) return { act: "", last };
  if (last === null || more) return begin(signals, now_ms);
  const { repeat_ms, soonest_ms } = BURSTS[first.priority];
  const untold = told(signals).some((id) => !last.ids.includes(id));
  return now_ms - last.ends_ms >= (untold ? soonest_ms : repeat_ms) ? begin(signals, now_ms) : { act: "", last };
}

/** What the next burst tells: all that are as urgent as the most urgent. */
const told = (signals) => signals.filter(({ priority }) => priority === signals[0].priority).map(({ id }) => id);

function begin(signals, now_ms) {
  const { priority } = signals[0];
  return { act: "begin", last: { priority, ids: told(signals), ends_ms: now_ms + lasts_ms(priority) } };
}
