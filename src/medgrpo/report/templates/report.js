"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const byId = (id) => document.getElementById(id);
  const panel = byId("panel"), viewer = byId("viewer"), playhead = byId("playhead"), lanes = byId("lanes");
  const templates = new Map([...document.querySelectorAll("template[data-for]")].map((t) => [t.dataset.for, t]));
  const order = [...templates.keys()].sort((a, b) => templates.get(a).dataset.start - templates.get(b).dataset.start);
  const duration = Number(lanes.dataset.duration);
  let current = null, lastLink = null;

  const marked = (id, on) => {
    for (const link of document.querySelectorAll(`[data-item="${CSS.escape(id)}"]`)) link.classList.toggle("chosen", on);
    const target = byId(templates.get(id).dataset.target);
    if (target) target.classList.toggle("chosen", on);
  };

  const choose = (id, opened = true) => {
    const template = templates.get(id);
    if (!template) return null;
    if (current) marked(current, false);
    current = id;
    marked(id, true);
    panel.replaceChildren(template.content.cloneNode(true));
    panel.dataset.item = id;
    byId("to-text").href = "#" + template.dataset.target;
    const share = duration > 0 ? (100 * Number(template.dataset.start)) / duration + "%" : "0%";
    playhead.setAttribute("x1", share);
    playhead.setAttribute("x2", share);
    playhead.classList.add("shown");
    if (opened) viewer.classList.add("open");
    return template;
  };

  const read = (id) => {
    const target = byId(id);
    if (!target) return;
    const folded = target.closest("details");
    if (folded) folded.open = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const docked = getComputedStyle(viewer).position === "fixed"; // it would cover the middle of the page
    target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: docked || target.offsetHeight > innerHeight / 2 ? "start" : "center" });
    target.focus({ preventScroll: true });
    target.classList.remove("arrived");
    void target.offsetWidth;
    target.classList.add("arrived");
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-item]");
    if (!link) return;
    event.preventDefault();
    hideTip();
    const template = choose(link.dataset.item);
    if (!template) return;
    if (lanes.contains(link)) lastLink = link;
    if (!link.matches(".thumb, .moment")) read(template.dataset.target);
  });

  // one stop of the Tab key per lane; arrows move inside it and show the evidence without leaving the timeline
  for (const lane of lanes.querySelectorAll(".lane")) {
    [...lane.querySelectorAll("a.item")].forEach((link, index) => link.setAttribute("tabindex", index ? "-1" : "0"));
  }
  lanes.addEventListener("keydown", (event) => {
    const link = event.target.closest("a.item");
    if (!link) return;
    const own = [...link.closest(".lane").querySelectorAll("a.item")];
    const rows = [...lanes.querySelectorAll(".lane")].filter((lane) => lane.querySelector("a.item"));
    const row = rows.indexOf(link.closest(".lane"));
    let next = null;
    if (event.key === "ArrowRight") next = own[own.indexOf(link) + 1];
    else if (event.key === "ArrowLeft") next = own[own.indexOf(link) - 1];
    else if (event.key === "Home") next = own[0];
    else if (event.key === "End") next = own[own.length - 1];
    else if (event.key === "ArrowDown") next = rows[row + 1] && rows[row + 1].querySelector('a.item[tabindex="0"]');
    else if (event.key === "ArrowUp") next = rows[row - 1] && rows[row - 1].querySelector('a.item[tabindex="0"]');
    else return;
    event.preventDefault();
    if (!next) return;
    for (const other of next.closest(".lane").querySelectorAll("a.item")) other.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
    lastLink = next;
    choose(next.dataset.item);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && viewer.classList.contains("open")) close();
  });
  const close = () => {
    viewer.classList.remove("open");
    if (viewer.contains(document.activeElement) && lastLink) lastLink.focus();
  };
  const step = (by) => {
    const place = order.indexOf(current) + by;
    if (place >= 0 && place < order.length) choose(order[place]);
  };
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", close);
  byId("to-text").addEventListener("click", (event) => {
    event.preventDefault();
    read(event.currentTarget.getAttribute("href").slice(1));
  });
  byId("to-timeline").addEventListener("click", (event) => {
    event.preventDefault();
    byId("timeline").scrollIntoView({ block: "start" });
    const link = lastLink || lanes.querySelector("a.item");
    if (link) link.focus({ preventScroll: true });
  });

  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const scroller = lanes.parentElement;
      const centre = (scroller.scrollLeft + scroller.clientWidth / 2) / lanes.clientWidth;
      lanes.style.setProperty("--zoom", button.dataset.zoom);
      scroller.scrollLeft = centre * lanes.clientWidth - scroller.clientWidth / 2;
      for (const other of document.querySelectorAll("[data-zoom]")) other.setAttribute("aria-pressed", String(other === button));
    });
  }

  const tip = document.createElement("div");
  tip.className = "tooltip";
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const hideTip = () => tip.classList.remove("shown");
  const showTip = (link, x, y) => {
    tip.textContent = link.getAttribute("aria-label");
    tip.classList.add("shown");
    const box = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(x - box.width / 2, root.clientWidth - box.width - 8));
    const above = y - box.height - 14;
    tip.style.left = left + "px";
    tip.style.top = (above > 44 ? above : y + 20) + "px";
  };
  lanes.addEventListener("pointermove", (event) => {
    const link = event.target.closest("a.item");
    if (link) showTip(link, event.clientX, event.clientY);
    else hideTip();
  });
  lanes.addEventListener("pointerleave", hideTip);
  // what has the keyboard keeps its tip, also when the page scrolls to bring it into sight
  const showFocused = () => {
    const link = document.activeElement?.closest("#lanes a.item");
    if (!link || !link.matches(":focus-visible")) return hideTip();
    const box = link.getBoundingClientRect();
    showTip(link, box.left + box.width / 2, box.top);
  };
  lanes.addEventListener("focusin", showFocused);
  lanes.addEventListener("focusout", hideTip);
  addEventListener("scroll", showFocused, { passive: true });

  // a printed page shows the lists of what was not observed
  addEventListener("beforeprint", () => document.querySelectorAll("#synoptic details, details.thought").forEach((part) => (part.open = true)));

  choose(viewer.dataset.first, false);
})();
