// Nothing that is typed on the page of a case is lost: a copy lies in the browser until it is kept, signed or given up.

import { drop, keep, kept, sending, sent } from "./drafts.js";
import { byId, el, t } from "./dom.js";

const PAUSE_MS = 400;
const { case: place, user, done } = byId("main-of-case").dataset;
const forms = new Map([...document.querySelectorAll("form[data-piece]")].map((form) => [form.dataset.piece, form]));
const report = forms.get("report"), signing = byId("sign"), offer = byId("offer");
const newest = Number(report.elements.parent.defaultValue);
const waiting = new Map(), unsafe = new Set();
let offered = [], leaving = false;

const fieldsOf = (form) => [...form.elements].filter((one) => one.name && one.name !== "csrf");
const values = (form) => Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "csrf"));
const when = (at) => new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

/** Whether there is something in the form that is not kept: typed here, or sent and given back by the server. */
const changed = (form) => "back" in form.dataset || fieldsOf(form).some((one) => one.type === "radio" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue);

function store(form) {
  const piece = form.dataset.piece;
  clearTimeout(waiting.get(piece));
  waiting.delete(piece);
  if (leaving) return;
  const dirty = changed(form), safe = !dirty || keep(user, place, piece, values(form));
  if (!dirty) drop(user, place, piece);
  if (safe) unsafe.delete(piece);
  else unsafe.add(piece);
  tell(form, !dirty ? "" : safe ? t("drafts.copy") : t("drafts.no_copy"));
}

function tell(form, words) {
  form.querySelector("[data-told]").textContent = words;
  if (!signing) return;
  const dirty = changed(report);
  signing.querySelectorAll("button").forEach((button) => { button.disabled = dirty; });
  byId("unsaved").textContent = dirty ? signing.dataset.unsaved : "";
}

function typed(form) {
  const piece = form.dataset.piece;
  clearTimeout(waiting.get(piece));
  waiting.set(piece, setTimeout(() => store(form), PAUSE_MS));
  unsafe.add(piece);
  tell(form, "");
}

const storeAll = () => waiting.forEach((_, piece) => store(forms.get(piece)));

function giveUp() {
  leaving = true;
  unsafe.clear();
}

/** Into the form, as it was typed and on what it was typed: where that has changed since, the server shows both. */
function takeUp([piece, { at, fields }]) {
  const form = forms.get(piece);
  if (!form) return;
  for (const one of fieldsOf(form)) {
    if (one.type === "radio") one.checked = fields[one.name] === one.value;
    else if (typeof fields[one.name] === "string") one.value = fields[one.name];
  }
  form.closest("details").open = true;
  tell(form, t("drafts.back", { when: when(at) }));
}

function words([piece, { at, fields }]) {
  const values = { when: when(at) };
  if (piece === "report") return t(Number(fields.parent) === newest ? "drafts.report" : "drafts.report_behind", values);
  const form = forms.get(piece);
  if (!form) return `${t("drafts.gone", values)} ${fields.text ?? ""} ${fields.reason ?? ""}`;
  values.moment = form.closest("li").querySelector(".moment").textContent;
  return t(fields.seen === form.elements.seen.defaultValue ? "drafts.finding" : "drafts.finding_behind", values);
}

const behind = ([piece, { fields }]) => piece === "report" ? Number(fields.parent) !== newest : forms.get(piece)?.elements.seen.defaultValue !== fields.seen;

function decide(take) {
  for (const one of offered) {
    if (take) takeUp(one);
    else drop(user, place, one[0]);
  }
  const first = take ? forms.get(offered.find(([piece]) => forms.has(piece))?.[0]) : null;
  offered = [];
  offer.hidden = true;
  [...forms.values(), signing].forEach((form) => { if (form) form.inert = false; });
  (first ? first.querySelector("textarea") : byId("main")).focus();
}

function open() {
  const mine = sent(place);
  if (done) (mine ?? []).forEach((piece) => drop(user, place, piece));
  const all = kept(user, place).filter(([piece]) => !("back" in (forms.get(piece)?.dataset ?? {})));
  offered = all.filter((one) => mine === null || behind(one));
  all.filter((one) => !offered.includes(one)).forEach(takeUp); // this tab has just sent something else: one goes on
  if (!offered.length) return;
  byId("offer-list").replaceChildren(...offered.map((one) => el("li", {}, words(one))));
  offer.hidden = false;
  [...forms.values(), signing].forEach((form) => { if (form) form.inert = true; }); // typing would take the copy's place
  if (!byId("why")) offer.focus();
}

forms.forEach((form) => {
  form.addEventListener("input", () => typed(form));
  form.addEventListener("change", () => typed(form));
  tell(form, "back" in form.dataset ? t("drafts.copy") : "");
});
byId("offer-take").addEventListener("click", () => decide(true));
byId("offer-drop").addEventListener("click", () => decide(false));
document.addEventListener("submit", storeAll, true); // before anybody counts what is not kept
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  unsafe.delete(form.dataset.piece);
  if (form === signing) sending(place, ["report"]);
  else if (form.dataset.piece) sending(place, [form.dataset.piece]);
  if (form.id === "sign-out") giveUp();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-give-up]");
  if (!link) return;
  drop(user, place, link.dataset.giveUp);
  giveUp();
});
window.addEventListener("pagehide", storeAll);
document.addEventListener("visibilitychange", () => { if (document.hidden) storeAll(); });
window.addEventListener("beforeunload", (event) => {
  storeAll();
  if (unsafe.size) event.preventDefault();
});
open();
