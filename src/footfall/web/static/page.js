// What scripts add to a page that works without them: forms that answer at once, tooltips, and choosing time by dragging.
"use strict";

document.documentElement.classList.add("js");

const thousands = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const figure = value => thousands.format(value).replace(/,/g, "\u202f");

// Forms marked data-auto are sent when a choice changes.
document.addEventListener("change", event => {
  const form = event.target.closest("form[data-auto]");
  if (!form || !event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) return;
  if ("keep" in event.target.dataset) return;
  form.requestSubmit();
});

// A page that is awaited shows that it is.
const busy = on => document.documentElement.classList.toggle("busy", on);
let waiting;
const awaited = () => { clearTimeout(waiting); waiting = setTimeout(busy, 250, true); };
document.addEventListener("submit", awaited);
document.addEventListener("click", event => {
  const link = event.target.closest("a[href]");
  const leaves = link && !link.hasAttribute("download") && !link.target && !link.getAttribute("href").startsWith("#");
  if (leaves && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) awaited();
});
const arrived = () => { clearTimeout(waiting); busy(false); };
window.addEventListener("pageshow", arrived);

// A part of a page that was replaced keeps the focus where it was.
let focused = "";
document.addEventListener("htmx:before:swap", () => { focused = document.activeElement ? document.activeElement.id : ""; });
document.addEventListener("htmx:after:swap", () => {
  arrived();
  const element = focused && document.getElementById(focused);
  if (element && document.activeElement !== element) element.focus({ preventScroll: true });
  enliven(document);
});
document.addEventListener("htmx:response:error", arrived);
// What never came is said; the next answer takes the sentence away with what it replaces.
document.addEventListener("htmx:error", () => {
  arrived();
  const main = document.getElementById("main");
  if (!main || document.getElementById("unanswered")) return;
  const said = document.createElement("p");
  said.id = "unanswered";
  said.className = "panel problem";
  said.setAttribute("role", "alert");
  said.textContent = "The server did not answer. Try again, or reload the page.";
  main.prepend(said);
});

// --- charts

const grains = {
  hour: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  week: { day: "numeric", month: "short", year: "numeric" },
  month: { month: "long", year: "numeric" },
  year: { year: "numeric" },
};

class Chart {
  constructor(element) {
    this.element = element;
    this.data = JSON.parse(element.querySelector("script[type='application/json']").textContent);
    this.from = Number(element.dataset.from);
    this.to = Number(element.dataset.to);
    const shape = grains[this.data.grain] || grains.day;
    this.format = new Intl.DateTimeFormat("en-GB", { ...shape, timeZone: "UTC" });
    this.cursor = this.part("cursor");
    this.brush = this.part("brush");
    this.tip = this.part("tip");
    this.hide();
    element.addEventListener("pointermove", event => this.move(event));
    element.addEventListener("pointerleave", () => this.hide());
    element.addEventListener("pointerdown", event => this.press(event));
    element.addEventListener("pointerup", event => this.release(event));
  }

  part(name) {
    const made = document.createElement("div");
    made.className = name;
    made.setAttribute("aria-hidden", "true");
    this.element.append(made);
    return made;
  }

  // The plot itself, within the figure, in pixels.
  plot() {
    const drawing = [...this.element.querySelectorAll(".drawing")].find(each => each.offsetParent !== null);
    const box = drawing && drawing.querySelector(".role-frame.root > g > path.background");
    if (!box) return null;
    const inner = box.getBoundingClientRect(), outer = this.element.getBoundingClientRect();
    return { left: inner.left - outer.left, top: inner.top - outer.top, width: inner.width, height: inner.height };
  }

  time(event, plot) {
    const x = event.clientX - this.element.getBoundingClientRect().left - plot.left;
    return this.from + Math.min(1, Math.max(0, x / plot.width)) * (this.to - this.from);
  }

  nearest(time) {
    const hours = this.data.hours, wanted = time / 3600000;
    let best = 0;
    for (let n = 1; n < hours.length; n++) if (Math.abs(hours[n] - wanted) < Math.abs(hours[best] - wanted)) best = n;
    return best;
  }

  move(event) {
    const plot = this.plot();
    if (!plot) return;
    const n = this.nearest(this.time(event, plot));
    const span = this.to - this.from || 1;
    const x = plot.left + (this.data.hours[n] * 3600000 - this.from) / span * plot.width;
    place(this.cursor, { left: x, top: plot.top, height: plot.height });
    this.cursor.hidden = false;
    this.tip.replaceChildren(...this.lines(n));
    this.tip.hidden = false;
    const room = this.element.clientWidth - x - 16;
    const left = room > this.tip.offsetWidth ? x + 12 : x - this.tip.offsetWidth - 12;
    place(this.tip, { left: Math.max(0, left), top: plot.top + 8 });
    if (this.start !== undefined) this.drag(event, plot);
  }

  lines(n) {
    const head = document.createElement("b");
    const label = this.format.format(this.data.hours[n] * 3600000);
    head.textContent = this.data.grain === "week" ? `week of ${label}` : label;
    const rows = this.data.series
      .filter(series => series.values[n] !== null && (series.values[n] !== 0 || this.data.series.length < 6))
      .sort((a, b) => b.values[n] - a.values[n])
      .slice(0, 12)
      .map(series => row(series.name, figure(series.values[n])));
    const state = this.data.states[n];
    if (state) rows.push(row(state === "lost" ? "not collected, or only in part" : state, ""));
    return [head, ...rows];
  }

  hide() {
    this.cursor.hidden = this.tip.hidden = this.brush.hidden = true;
    this.start = undefined;
  }

  press(event) {
    const plot = this.plot();
    if (plot && event.button === 0 && event.pointerType === "mouse" && this.element.dataset.zoom) {
      this.start = this.time(event, plot);
      event.preventDefault();
    }
  }

  drag(event, plot) {
    const span = this.to - this.from || 1;
    const [a, b] = [this.start, this.time(event, plot)].sort((one, other) => one - other);
    place(this.brush, {
      left: plot.left + (a - this.from) / span * plot.width,
      width: (b - a) / span * plot.width,
      top: plot.top,
      height: plot.height,
    });
    this.brush.hidden = false;
  }

  // The periods that were dragged over become the time that is asked for: an address like any other.
  release(event) {
    const plot = this.plot();
    if (this.start === undefined || !plot) return;
    const [a, b] = [this.start, this.time(event, plot)].sort((one, other) => one - other);
    this.hide();
    if ((b - a) / (this.to - this.from || 1) < 0.02) return;
    const hours = this.data.hours, first = this.nearest(a), last = this.nearest(b);
    const length = hours.length > 1 ? hours[hours.length - 1] - hours[hours.length - 2] : 24;
    const end = hours[last + 1] ?? hours[last] + length;
    const address = new URL(this.element.dataset.zoom, location.href);
    address.searchParams.delete("last");
    address.searchParams.set("since", new Date(hours[first] * 3600000).toISOString().slice(0, 10));
    address.searchParams.set("until", new Date(Math.max(end, hours[first] + 24) * 3600000).toISOString().slice(0, 10));
    location.assign(address);
  }
}

function row(name, value) {
  const line = document.createElement("div");
  const [left, right] = [document.createElement("span"), document.createElement("span")];
  left.textContent = name;
  right.textContent = value;
  line.append(left, right);
  return line;
}

// Places are set through the object model, which a strict policy for styles allows.
function place(element, sizes) {
  for (const [name, size] of Object.entries(sizes)) element.style[name] = `${size}px`;
}

function copyable(element) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(element.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  element.append(button);
}

function enliven(root) {
  for (const element of root.querySelectorAll(".copy:not(:has(button))")) copyable(element);
  for (const element of root.querySelectorAll("figure.chart:not([data-live])")) {
    if (!element.querySelector("script[type='application/json']") || element.dataset.from === element.dataset.to) continue;
    element.dataset.live = "true";
    new Chart(element);
  }
}

enliven(document);
