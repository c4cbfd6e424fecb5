// What was typed and not kept yet, in this browser: by user, case and piece. A piece is the report or the correction of one finding.

const DRAFT = "medgrpo-draft/", OUT = "medgrpo-out/", SENT = "medgrpo-sent";
const LIFE_MS = 7 * 24 * 3600 * 1000; // a department's machine is used by many: nothing lies there for ever

const prefix = (user, place) => `${DRAFT}${user}/${place}/`;
const keys = (begin) => Object.keys(localStorage).filter((key) => key.startsWith(begin));

/** False where the browser keeps nothing (full, forbidden), or that user has signed out since this page was loaded. */
export function keep(user, place, piece, fields) {
  try {
    if (Number(localStorage.getItem(OUT + user)) > performance.timeOrigin) return false;
    localStorage.setItem(prefix(user, place) + piece, JSON.stringify({ at: Date.now(), fields }));
    return true;
  } catch {
    return false;
  }
}

export function drop(user, place, piece) {
  try {
    localStorage.removeItem(prefix(user, place) + piece);
  } catch { /* nothing was kept then */ }
}

/** [piece, {at, fields}] of that user and case. Those that are too old, or none of ours, are taken away. */
export function kept(user, place) {
  const found = [], begin = prefix(user, place);
  try {
    for (const key of keys(DRAFT)) {
      const one = read(localStorage.getItem(key));
      if (one === null || Date.now() - one.at > LIFE_MS) localStorage.removeItem(key);
      else if (key.startsWith(begin)) found.push([key.slice(begin.length), one]);
    }
  } catch { /* nothing was kept then */ }
  return found;
}

/** How many pieces of that user lie here, of whatever case. */
export function unkept(user) {
  try {
    return keys(`${DRAFT}${user}/`).length;
  } catch {
    return 0;
  }
}

/** Signing out leaves nothing of that user, and pages that are still open somewhere keep nothing more. */
export function leave(user) {
  try {
    keys(`${DRAFT}${user}/`).forEach((key) => localStorage.removeItem(key));
    localStorage.setItem(OUT + user, String(Date.now()));
  } catch { /* nothing was kept then */ }
}

/** What this tab sent last, for the page that answers. */
export function sending(place, pieces) {
  try {
    sessionStorage.setItem(SENT, JSON.stringify({ place, pieces }));
  } catch { /* the draft is then offered once more than needed */ }
}

/** The pieces that this tab has just sent of this case, null where the page was come to otherwise. Asked once. */
export function sent(place) {
  try {
    const found = JSON.parse(sessionStorage.getItem(SENT));
    sessionStorage.removeItem(SENT);
    return found !== null && found.place === place ? found.pieces : null;
  } catch {
    return null;
  }
}

function read(text) {
  try {
    const one = JSON.parse(text);
    return typeof one.at === "number" && typeof one.fields === "object" && one.fields !== null ? one : null;
  } catch {
    return null;
  }
}
