// The live picture: the next is asked for when the last has come, in a size that this connection carries, so a slow
// connection gets fewer and smaller pictures and never old ones. Instruments are drawn from what belongs to exactly this picture.

import { byId, clock, english, named, percent, svg, t } from "./dom.js";
import { stale } from "./live.js";

const SIZES = [240, 320, 480, 640, 1280];
const TOO_LONG_MS = 400; // on its way for longer: a smaller one next
const QUICK_MS = 150; // the next size would take less than this: a larger one next
const AT_LEAST_SURE = 0.3;
const OLD_MS = 2500;
const LEAST_BLACK = 0.005; // of the picture: less is not seen

let size = 1; // begins small: the first picture soon
let version = "";
let about = null;
let came_ms = -Infinity;
let address = null;
const counts = { pictures: 0, bytes: 0, first_ms: null, size: SIZES[size] };

export async function startPictures(state, soon) {
  state.pictures = counts;
  for (;;) {
    try {
      const began = performance.now();
      const answer = await fetch(`/cases/${state.case}/picture?width=${SIZES[size]}&after=${version}`);
      if (answer.status === 200) await take(answer, soon);
      else await pause(answer.status === 204 ? 50 : 2000);
      const took = performance.now() - began;
      if (document.hidden) await pause(1000); // nobody looks: leave the line to others
      else if (took < 50) await pause(50 - took);
    } catch {
      await pause(1000); // the connection: the page says so by the beats it misses
    }
  }
}

async function take(answer, soon) {
  const headers_ms = performance.now();
  const blob = await answer.blob();
  const way_ms = performance.now() - headers_ms;
  about = JSON.parse(answer.headers.get("x-picture"));
  version = about.version;
  await shown(blob);
  came_ms = performance.now();
  counts.pictures += 1;
  counts.bytes += blob.size;
  counts.first_ms ??= came_ms;
  adapt(way_ms, blob.size);
  soon();
  if (way_ms > 80) await pause(way_ms * 0.7); // leave room for what is said
}

function adapt(way_ms, bytes) {
  const widest = byId("frame").clientWidth * Math.min(2, window.devicePixelRatio);
  if (way_ms > TOO_LONG_MS && size > 0) size -= 1;
  else if (size + 1 < SIZES.length && SIZES[size] < widest && (bytes > 0 ? way_ms * growth() : 0) < QUICK_MS) size += 1;
  counts.size = SIZES[size];
}

/** How much longer the next size is on its way: by its area, and better quality. */
function growth() {
  return 1.3 * (Math.min(SIZES[size + 1], about.size_wh[0]) / Math.min(SIZES[size], about.size_wh[0])) ** 2;
}

async function shown(blob) {
  const picture = byId("picture");
  const next = URL.createObjectURL(blob);
  picture.src = next;
  await picture.decode().catch(() => null);
  picture.hidden = false;
  if (address !== null) URL.revokeObjectURL(address);
  address = next;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Instruments, places of alerts, and in plain words what is wrong with the picture. */
export function drawMarks(state) {
  const drawn = byId("drawn");
  const frame = byId("frame");
  if (about) {
    const height = Math.round((1000 * about.size_wh[1]) / about.size_wh[0]);
    drawn.setAttribute("viewBox", `0 0 1000 ${height}`);
    frame.style.aspectRatio = `${about.size_wh[0]} / ${about.size_wh[1]}`;
  }
  const why = wrong(state);
  const notice = byId("notice");
  frame.dataset.wrong = why === null ? "" : why.kind;
  notice.hidden = why === null;
  if (why !== null && notice.dataset.shows !== why.key) {
    notice.dataset.shows = why.key;
    notice.replaceChildren(...why.words);
  }
  const tips = why === null || why.kind === "private" ? (about?.tips ?? []).filter((tip) => tip.probability >= AT_LEAST_SURE) : [];
  const height = drawn.viewBox.baseVal.height;
  const places = why === null ? standing(state) : [];
  drawn.replaceChildren(...tips.map((tip) => tool(tip, height)), ...places.map((place) => alarm(place, height)));
  drawBlack(why);
  const names = tips.map((tip) => textOf(named("instrument", tip.instrument, tip.instrument)));
  const list = byId("seen-list");
  const words = names.length ? t("live.instruments", { names: names.join(", ") }) : t("live.no_instruments");
  if (list.textContent !== words) list.textContent = words;
}

/** How much of exactly this picture is black, and why: nobody is to take it for the operation. */
function drawBlack(why) {
  const black = (why === null || ["private", "late"].includes(why.kind)) && about?.black ? about.black : { text: 0, regions: 0 };
  const words = ["text", "regions"].filter((kind) => black[kind] >= LEAST_BLACK).map((kind) => t(`live.black_${kind}`, { share: percent(black[kind]) }));
  const place = byId("black");
  place.hidden = !words.length;
  if (place.textContent !== words.join(" ")) place.textContent = words.join(" ");
}

/** The first thing that makes the picture no picture of now: {kind, key, words}. */
function wrong(state) {
  const { now, channels } = state.things;
  const gone = stale();
  if (gone !== null) {
    const words = [t(`live.picture_${gone}`)];
    return { kind: gone === "closed" ? "closed" : "lost", key: gone, words };
  }
  for (const channel of ["video_lost", "video_frozen"]) {
    if (channels[channel]?.state === "alert") {
      const { why, since } = channels[channel];
      const words = [t(`channel.${channel}`), " ", small(t("live.since", { time: clock(since) }), " ", english(why))];
      return { kind: "lost", key: channel + why, words };
    }
  }
  if (now.tick?.blind) return { kind: "lost", key: now.tick.blind, words: [t("live.no_judgement"), " ", small(english(now.tick.blind))] };
  if (about === null) return { kind: "waiting", key: "waiting", words: [t("live.picture_waiting")] };
  if (performance.now() - came_ms > OLD_MS) return { kind: "late", key: "late", words: [t("live.picture_late")] };
  if (about.dimmed) return { kind: "private", key: "private", words: [t("live.picture_dimmed")] };
  return null;
}

function small(...children) {
  const made = document.createElement("small");
  made.append(...children);
  return made;
}

const textOf = (value) => (typeof value === "string" ? value : value.textContent);

function standing(state) {
  const found = [];
  for (const [id, channel] of Object.entries(state.things.channels)) {
    if (channel.state === "alert") for (const box of channel.where_xyxy) found.push({ box, name: textOf(named("channel", id, channel.name)) });
  }
  return found;
}

function box([x0, y0, x1, y1], height) {
  return { x: 1000 * x0, y: height * y0, width: 1000 * (x1 - x0), height: height * (y1 - y0) };
}

function tool(tip, height) {
  const at = box(tip.box_xyxy, height);
  const name = `${textOf(named("instrument", tip.instrument, tip.instrument))} ${percent(tip.probability)}`;
  const label = svg("text", { x: at.x, y: at.y > 30 ? at.y - 9 : at.y + at.height + 24 }, name);
  return svg("g", { class: "tool" }, svg("rect", at), label);
}

function alarm(place, height) {
  const at = box(place.box, height);
  const label = svg("text", { x: at.x, y: Math.min(height - 8, at.y + at.height + 30) }, `! ${place.name}`);
  return svg("g", { class: "place" }, svg("rect", { ...at, rx: 4 }), label);
}
