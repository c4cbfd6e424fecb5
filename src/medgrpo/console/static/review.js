// Moving through the pictures of a case. Without this file every link and form works, and a picture comes with a page.
"use strict";
(() => {
  const viewer = document.getElementById("picture");
  const shown = document.getElementById("shown");
  if (document.getElementById("why")) document.getElementById("why").focus();
  if (!shown) return;

  const { case: id, dimmed, none, play: playWord, pause: pauseWord } = viewer.dataset;
  const step = Number(viewer.dataset.step), duration = Number(viewer.dataset.duration);
  const moments = viewer.dataset.moments === "any" ? null : JSON.parse(viewer.dataset.moments);
  const slider = document.getElementById("moment"), told = document.getElementById("told"), note = document.getElementById("note");
  const playButton = document.getElementById("play");
  const jumps = [...document.querySelectorAll("[data-finding]")].map((link) => Number(link.dataset.seconds)).sort((a, b) => a - b);
  let now = Number(viewer.dataset.at), asked = 0, settle = 0, playing = false, address = "";
  viewer.querySelector(".controls").hidden = false;
  if (moments) slider.step = "any";

  const clock = (seconds) => {
    const whole = Math.floor(seconds), two = (value) => String(value).padStart(2, "0");
    const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
    return whole >= 3600 ? `${Math.floor(whole / 3600)}:${minutes}` : minutes;
  };

  /** The picture of that moment, small while moving and large where it rests; an answer that a newer question overtook is dropped. */
  async function show(seconds, resting) {
    now = Math.min(Math.max(seconds, 0), duration);
    slider.value = now;
    slider.setAttribute("aria-valuetext", clock(now));
    told.textContent = clock(now);
    for (const line of document.querySelectorAll(".playhead")) {
      line.setAttribute("x1", `${(100 * now) / duration}%`);
      line.setAttribute("x2", `${(100 * now) / duration}%`);
    }
    mark();
    const mine = ++asked;
    clearTimeout(settle);
    const answer = await fetch(`/review/${id}/picture.jpg?at=${now.toFixed(3)}&size=${resting ? "large" : "small"}`).catch(() => null);
    if (mine !== asked) return;
    if (answer && answer.ok) {
      const blob = await answer.blob();
      if (mine !== asked) return;
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(blob);
      shown.src = address;
      await shown.decode().catch(() => null);
      const of = Number(answer.headers.get("x-medgrpo-seconds"));
      const words = [];
      if (Math.abs(of - now) > step) words.push(clock(of));
      if (answer.headers.get("x-medgrpo-dimmed") === "yes") words.push(dimmed);
      note.textContent = words.join(", ");
    } else note.textContent = none;
    if (!resting && mine === asked && !playing) settle = setTimeout(() => show(now, true), 250);
  }

  function mark() {
    let best = null;
    for (const link of document.querySelectorAll("[data-finding]")) {
      const far = Math.abs(Number(link.dataset.seconds) - now);
      link.closest("li").classList.remove("now");
      if (far <= step && (best === null || far < best.far)) best = { far, link };
    }
    if (best) best.link.closest("li").classList.add("now");
  }

  const neighbour = (list, way) => way > 0 ? list.find((one) => one > now + 0.01) : list.findLast((one) => one < now - 0.01);

  async function playOn() {
    while (playing && now < duration) {
      const begun = performance.now();
      const next = moments ? neighbour(moments, 1) : now + step;
      if (next === undefined) break;
      await show(next, false);
      const wait = 1000 * (moments ? 1 : step) - (performance.now() - begun);
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    }
    setPlaying(false);
  }

  function setPlaying(value) {
    const stopped = playing && !value;
    playing = value;
    playButton.textContent = value ? pauseWord : playWord;
    playButton.setAttribute("aria-pressed", String(value));
    if (stopped) show(now, true);
  }

  playButton.addEventListener("click", () => {
    if (playing) return setPlaying(false);
    if (now >= duration) now = 0;
    setPlaying(true);
    playOn();
  });
  slider.addEventListener("input", () => { playing = false; show(Number(slider.value), false); });
  viewer.addEventListener("click", (event) => {
    const go = event.target.closest("[data-go]");
    if (!go) return;
    const way = go.dataset.go.endsWith("+") ? 1 : -1;
    const target = go.dataset.go.startsWith("finding") ? neighbour(jumps, way) : moments ? neighbour(moments, way) : now + way * step;
    setPlaying(false);
    if (target !== undefined) show(target, true);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seconds]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    setPlaying(false);
    show(Number(link.dataset.seconds), true);
    if (window.matchMedia("(max-width: 959px)").matches) viewer.scrollIntoView({ block: "start" });
  });
  show(now, true);
})();
