// Chains of thought, on demand: what was seen, what is missing, what the knowledge says, what follows and what does not.

import { byId, clock, el, english, known, percent, show, t } from "./dom.js";
import { openDialog } from "./dialog.js";
import { sources } from "./panels.js";

const SHOWN = 6;

export function drawThoughts(state) {
  const all = Object.entries(state.things.thoughts).sort(([a], [b]) => b - a);
  const newest = all.slice(0, SHOWN);
  const rows = newest.map(([key, head]) =>
    el("li", {}, el("button", { type: "button", onclick: () => open(key, state) }, el("span", { class: "number" }, clock(head.seconds)), " ", english(head.question))),
  );
  const none = el("li", { class: "none" }, t("live.no_thought"));
  show(byId("thoughts"), newest.map(([key]) => key).join(), ...(rows.length ? rows : [none]));
  drawRemark(state.things.now);
}

/** A model's own words, while they may still be shown. */
function drawRemark({ remark, tick }) {
  const place = byId("remark");
  const valid = remark?.text && tick && tick.seconds < remark.expires_seconds;
  place.hidden = !valid;
  if (!valid) return;
  const seen = t("live.remark", { from: clock(remark.seen_from_seconds), until: clock(remark.seen_until_seconds), age: remark.age_seconds.toFixed(1) });
  show(place, remark.text, el("b", {}, seen), " ", english(remark.text));
}

async function open(key, state) {
  const answer = await fetch(`/cases/${state.case}/thoughts/${key}`, { headers: { accept: "application/json" } });
  if (!answer.ok) {
    openDialog(t("live.thoughts"), [el("p", {}, (await answer.json()).error)]);
    return;
  }
  const thought = await answer.json();
  const list = (title, items) => (items.length ? [el("h3", {}, title), el("ul", { class: "chain" }, ...items)] : []);
  const cues = thought.cues_seen.map((cue) =>
    el("li", {}, english(cue.words), " ", el("span", { class: "quiet" }, `${clock(cue.key_seconds + thought.offset_seconds)}, ${percent(cue.confidence)}, `, english(cue.basis))),
  );
  const missing = thought.cues_missing.map((cue) => el("li", {}, english(cue.words), " ", el("span", { class: "quiet" }, english(cue.note ? `${cue.why}; ${cue.note}` : cue.why))));
  const grounds = thought.grounds.map((ground) => el("li", {}, english(ground.words)));
  const risks = thought.risks.map((risk) => el("li", {}, el("b", {}, english(risk.words)), ": ", english(risk.advice)));
  const expected = thought.expected_next.map((one) => el("li", {}, english(one.words), one.probability === null ? "" : ` (${percent(one.probability)})`));
  const keys = [...new Set([...thought.grounds, ...thought.risks].flatMap((one) => one.citations))];
  openDialog(english(thought.question), [
    el("p", { class: "quiet" }, t("live.thought_at", { time: clock(thought.seconds + thought.offset_seconds) })),
    el("p", { class: "sentence" }, english(thought.text)),
    thought.abstain ? el("p", { class: "abstain" }, el("b", {}, t("live.abstains")), " ", english(thought.abstain)) : null,
    ...list(t("live.thought_seen"), cues),
    ...list(t("live.thought_missing"), missing),
    ...list(t("live.thought_grounds"), grounds),
    ...list(t("live.thought_risks"), risks),
    ...list(t("live.expected"), expected),
    ...sources(keys, thought.sources),
  ]);
}
