// Alerts that stand, the most urgent first: what, where, why, since when, how sure, what is expected next; and people's answers.

import { byId, clock, el, english, known, named, percent, show, t } from "./dom.js";
import { closeDialog, openDialog } from "./dialog.js";
import { stale } from "./live.js";
import { sources } from "./panels.js";
import { post } from "./telling.js";

const RANKS = { Hi: 3, Me: 2, Lo: 1, None: 0 };
const SIGNS = { Hi: "!!!", Me: "!!", Lo: "!", None: "" };
const REASONS = ["not_there", "known", "expected", "untimely"];
const ANSWER_MS = 5000;
const sent = new Map(); // alert -> {request, at_ms, failed}
const told = new Set();

export function drawAlerts(state) {
  const { alerts, now } = state.things;
  const standing = Object.entries(alerts).filter(([, alert]) => !alert.over);
  standing.sort(([, a], [, b]) => RANKS[b.priority] - RANKS[a.priority] || a.raised - b.raised);
  const seconds = now.tick?.seconds ?? 0;
  const unsaid = standing.length ? [] : conditions(state);
  const gone = stale();
  const key = JSON.stringify([standing, standing.map(([id]) => answerOf(id, state)), Math.floor(seconds / 10), unsaid, gone]);
  const list = byId("alerts");
  const held = list.contains(document.activeElement) ? [document.activeElement.dataset.alert, document.activeElement.dataset.act] : null;
  const none = el("p", { class: "none" }, ...nothing(unsaid, gone));
  const changed = show(list, key, ...(standing.length ? standing.map(([id, alert]) => card(id, alert, seconds, state)) : [none]));
  if (changed && held) list.querySelector(`[data-alert="${held[0]}"][data-act="${held[1]}"]`)?.focus();
  document.body.dataset.alert = standing.some(([, alert]) => alert.audible && alert.presence === "On") ? "interrupts" : standing.length ? "stands" : "";
  byId("alerts-count").textContent = standing.length > 1 ? `(${standing.length})` : "";
  announce(standing);
}

/** Conditions that stand, as the channels have them: [id, the record's name]. */
function conditions(state) {
  const found = Object.entries(state.things.channels).filter(([, channel]) => channel.state === "alert");
  return found.map(([id, channel]) => [id, channel.name]);
}

/** What an empty list means: a red tile beside it must not be contradicted, and what nobody watches is not known. */
function nothing(unsaid, gone) {
  if (gone !== null && gone !== "closed") return [t("live.no_alert_known")];
  if (!unsaid.length) return [t("live.no_alert")];
  return [t("live.no_alert_shown"), " ", ...unsaid.flatMap(([id, name], at) => [at ? ", " : "", named("channel", id, name)])];
}

/** New ones are read aloud once. */
function announce(standing) {
  const fresh = standing.filter(([id]) => !told.has(id));
  for (const [id] of fresh) told.add(id);
  if (fresh.length) {
    const words = fresh.map(([, alert]) => `${t(`priority.${alert.priority}`)}: ${nameOf(alert)}`);
    byId("said").textContent = words.join(". ");
  }
}

function nameOf(alert) {
  return known(`channel.${alert.channel}`) ? t(`channel.${alert.channel}`) : alert.name;
}

function card(id, alert, seconds, state) {
  const about = [];
  const fact = (label, value) => value && about.push(el("div", {}, el("dt", {}, label), el("dd", {}, value)));
  fact(t("live.since_label"), `${clock(alert.raised)} (${clock(Math.max(0, seconds - alert.raised))})`);
  fact(t("live.where"), where(alert.where_xyxy));
  fact(t("live.how_sure"), typeof alert.confidence === "number" ? percent(alert.confidence) : "");
  fact(t("live.expected"), alert.expected_next ? english(alert.expected_next) : "");
  const standing = alert.presence === "Latch" ? t("live.latched") : alert.presence === "Ack" ? t("live.acknowledged", { by: alert.by ?? "" }) : "";
  return el(
    "article",
    { class: "card", "data-priority": alert.priority, "data-presence": alert.presence, "data-card": id, "aria-labelledby": `alert-${id}` },
    el("header", {},
      el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[alert.priority]),
      el("h3", { id: `alert-${id}` }, el("span", { class: "urgency" }, t(`priority.${alert.priority}`)), " ", named("channel", alert.channel, alert.name)),
      el("span", { class: "number" }, id),
    ),
    standing ? el("p", { class: "presence" }, standing) : null,
    el("p", { class: "why" }, english(alert.why)),
    el("dl", {}, ...about),
    alert.advice ? el("p", { class: "advice" }, english(alert.advice)) : null,
    el("div", { class: "acts" }, ...acts(id, alert, state)),
  );
}

/** A place in words beside the box in the picture: nobody has to find a colour. */
function where(boxes) {
  const places = (boxes ?? []).map(([x0, y0, x1, y1]) => {
    const row = Math.min(2, Math.floor((3 * (y0 + y1)) / 2));
    const column = Math.min(2, Math.floor((3 * (x0 + x1)) / 2));
    return t(`live.place_${row}${column}`);
  });
  return [...new Set(places)].join(", ");
}

function acts(id, alert, state) {
  const made = [];
  if (state.answers && alert.presence !== "Ack") {
    made.push(el("button", { type: "button", class: "strong", "data-alert": id, "data-act": "ack", onclick: () => answer(id, "acknowledge", "", state) }, t("live.acknowledge")));
  }
  if (state.answers) {
    made.push(el("button", { type: "button", "data-alert": id, "data-act": "dismiss", onclick: () => askWhy(id, alert, state) }, t("live.dismiss")));
  }
  made.push(el("button", { type: "button", "data-alert": id, "data-act": "more", onclick: () => explain(id, alert, state) }, t("live.more")));
  const standing = answerOf(id, state);
  if (standing) made.push(el("span", { class: "sent", role: "status" }, t(`live.answer_${standing}`)));
  return made;
}

/** sending, sent, waiting (nothing recorded yet), refused, failed; "" where nobody answered here. */
function answerOf(id, state) {
  const mine = sent.get(id);
  if (!mine) return "";
  if (mine.failed) return "failed";
  const known = mine.request ? state.things.answers[mine.request] : null;
  if (known) return known.outcome;
  if (!mine.request) return "sending";
  return performance.now() - mine.at_ms > ANSWER_MS ? "waiting" : "sent";
}

async function answer(id, action, why, state) {
  const mine = { at_ms: performance.now(), request: null, failed: false };
  sent.set(id, mine);
  drawAlerts(state);
  try {
    const reply = await post(`/cases/${state.case}/answers`, { alert: id, action, why });
    if (reply.ok) mine.request = (await reply.json()).request;
    else mine.failed = true;
  } catch {
    mine.failed = true; // not sent: the button is still there
  }
  drawAlerts(state);
}

function askWhy(id, alert, state) {
  const chosen = REASONS.map((reason, place) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "why", value: reason, checked: place === 0 }), " ", t(`live.dismiss_${reason}`)),
  );
  const words = el("textarea", { id: "why-words", rows: 2, maxlength: 500 });
  const send = () => {
    const reason = document.querySelector('input[name="why"]:checked').value;
    const own = words.value.trim();
    answer(id, "dismiss", own ? `${REASON_RECORDED[reason]}: ${own}` : REASON_RECORDED[reason], state);
    closeDialog();
  };
  openDialog(t("live.dismiss_title", { alert: nameOf(alert) }), [
    el("p", {}, t("live.dismiss_about")),
    el("fieldset", {}, el("legend", {}, t("live.dismiss_why")), ...chosen),
    el("label", { for: "why-words" }, t("live.dismiss_words")),
    words,
    el("button", { type: "button", class: "strong", onclick: send }, t("live.dismiss")),
  ]);
}

const REASON_RECORDED = {
  not_there: "it is not there",
  known: "it is known and being dealt with",
  expected: "it is expected at this step",
  untimely: "it is of no use now",
}; // in the record's language

function explain(id, alert, state) {
  const channel = state.things.channels[alert.channel];
  const none = alert.no_evidence ? [el("p", { class: "quiet" }, t("live.evidence_none"), " ", english(alert.no_evidence))] : [];
  const picture = alert.evidence ? [evidence(id, alert, state)] : none;
  openDialog(nameOf(alert), [
    el("p", {}, english(alert.why)),
    el("p", { class: "quiet" }, english(channel?.name ?? alert.name)),
    alert.advice ? el("p", {}, el("b", {}, t("live.advice")), " ", english(alert.advice)) : null,
    ...picture,
    ...sources(alert.citations ?? [], state.things.sources),
  ]);
}

/** The picture that was kept, once the console has checked it; else why there is none. */
function evidence(id, alert, state) {
  const place = el("figure", {}, el("p", { class: "quiet" }, t("live.evidence_checked")));
  takeEvidence(id, alert, state).then((made) => place.replaceChildren(...made));
  return place;
}

async function takeEvidence(id, alert, state) {
  try {
    const answer = await fetch(`/cases/${state.case}/evidence/${id}`, { headers: { accept: "application/json" } });
    if (!answer.ok) return [el("p", { class: "fault" }, (await answer.json()).error)];
    const address = URL.createObjectURL(await answer.blob());
    const picture = el("img", { class: "picture", src: address, alt: t("live.evidence_alt", { time: clock(alert.raised) }) });
    picture.addEventListener("load", () => URL.revokeObjectURL(address));
    return [picture, el("figcaption", {}, t("live.evidence", { time: clock(alert.raised) }))];
  } catch {
    return [el("p", { class: "fault" }, t("live.picture_disconnected"))];
  }
}
