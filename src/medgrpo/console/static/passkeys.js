// Asks the browser for a passkey: to sign in, to make one, to sign a report. Whether the answer holds is the console's matter alone.

import { byId, t } from "./dom.js";
import { sending } from "./drafts.js";

const csrf = document.querySelector('meta[name="csrf"]').content;
const place = document.querySelector("[data-passkey]");
const button = byId("with-passkey"), told = byId("passkey-told"), form = place.closest("form");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

class Refusal extends Error {}

async function send(path, body) {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": csrf },
    body: JSON.stringify(body),
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refusal(answer.error ?? t("passkeys.failed"));
  return answer;
}

async function made(path, body) {
  const options = await send(`${path}/options`, body);
  const credential = await navigator.credentials.create({ publicKey: {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: named(options.excludeCredentials),
  } });
  const { clientDataJSON, attestationObject } = credential.response;
  const response = { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports: credential.response.getTransports?.() ?? [] };
  return send(path, { name: body.name, credential: { id: credential.id, rawId: text(credential.rawId), type: credential.type, response } });
}

async function answered(path, body) {
  const options = await send(`${path}/options`, body);
  const credential = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) } });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
  if (userHandle) response.userHandle = text(userHandle);
  return send(path, { ...body, credential: { id: credential.id, rawId: text(credential.rawId), type: credential.type, response } });
}

/** What the browser itself refuses, in our words. */
function words(error) {
  if (error instanceof Refusal) return error.message;
  const known = { NotAllowedError: "passkeys.cancelled", InvalidStateError: "passkeys.fault_taken", SecurityError: "passkeys.insecure" };
  return t(known[error.name] ?? "passkeys.failed");
}

async function go() {
  const { passkey: purpose, path, case: id } = place.dataset;
  const value = (name) => form.elements[name].value;
  button.disabled = true;
  told.textContent = t("passkeys.waiting");
  try {
    let reply;
    if (purpose === "make") reply = await made(path, { name: value("name"), password: value("password") });
    else if (purpose === "sign-in") reply = await answered(path, { to: value("to") });
    else {
      reply = await answered(path, { number: Number(value("number")), sha256: value("sha256") });
      sending(id, ["report"]);
    }
    const same = new URL(reply.to, location.href);
    location.assign(same);
    if (same.pathname === location.pathname && same.search === location.search) location.reload(); // else only its place would change
  } catch (error) {
    told.textContent = words(error);
    button.disabled = false;
  }
}

if (window.PublicKeyCredential && window.isSecureContext) {
  button.hidden = false;
  if (place.dataset.passkey === "make") form.addEventListener("submit", (event) => { event.preventDefault(); go(); });
  else button.addEventListener("click", go);
} else told.textContent = t("passkeys.unsupported");
