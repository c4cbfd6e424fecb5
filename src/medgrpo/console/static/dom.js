// The smallest pieces: elements, words, times. Nothing here knows of cases.

const WORDS = JSON.parse(document.getElementById("words").textContent);

/** A text of the catalogue, with {places} filled in; the fallback where the catalogue has none (it is then English, as recorded). */
export function t(key, values = {}, fallback = key) {
  const text = WORDS[key] ?? fallback;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Ids of a group in the order that the catalogue gives them: things keep their places. */
export const ordered = (group) => Object.keys(WORDS).filter((key) => key.startsWith(`${group}.`)).map((key) => key.slice(group.length + 1));

export function known(key) {
  return key in WORDS;
}

/** A catalogue's name of an id of the record, else the record's own name, marked as English. */
export function named(group, id, fallback) {
  return known(`${group}.${id}`) ? t(`${group}.${id}`) : english(fallback ?? id);
}

/** Text that the record holds in English, whatever the page's language is. */
export function english(text) {
  return el("span", { lang: "en" }, text);
}

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** 75 -> "01:15", 3675 -> "1:01:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** How long, for people: "40 s", "12 min". */
export function length(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

export const percent = (share) => `${Math.round(100 * share)} %`;

/** Replace an element's children only when what they show has changed: focus, selection and a screen reader's place stay. */
export function show(element, key, ...children) {
  if (element.dataset.shows === key) return false;
  element.dataset.shows = key;
  element.replaceChildren(...children);
  return true;
}
