// Elements. Text is set as text, and nothing is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (name === "checked") element.checked = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

function el(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function button(text, run, properties) {
  return el("button", { type: "button", onclick: run, ...properties }, text);
}

// Text from outside, in one line.
function code(text, most) {
  return el("code", {}, oneLine(text, most));
}

const byId = (id) => document.getElementById(id);

// A state as a word with a mark, so that no colour is needed to read it.
const MARKS = {
  passed: "M3 7l3 3 5-6",
  failed: "M3.5 3.5l7 7M10.5 3.5l-7 7",
  broken: "M3.5 3.5l7 7M10.5 3.5l-7 7",
  not_met: "M7 3v5M7 10.6v.4",
  note: "M4 7h6",
};

function mark(kind, properties) {
  const drawing = { class: "mark", viewBox: "0 0 14 14", "aria-hidden": "true", ...properties };
  return svg("svg", drawing, svg("path", { d: MARKS[kind] ?? MARKS.note }));
}

function badge(kind, text) {
  return el("span", { class: `verdict ${kind}` }, mark(kind), text);
}

function empty(title, ...more) {
  return el("div", { class: "empty" }, el("h2", {}, title), ...more.map((text) => el("p", {}, text)));
}

// A list of names and values.
function facts(entries) {
  const shown = entries.filter(([, value]) => value !== undefined && value !== null && value !== "");
  const pair = ([name, value]) => [el("dt", {}, name), el("dd", {}, value instanceof Node ? value : visible(value))];
  return el("dl", { class: "facts" }, shown.flatMap(pair));
}

function table(heads, rows, properties) {
  const head = (title) => el("th", { scope: "col", class: title.startsWith("#") ? "n" : null }, title.replace(/^#/, ""));
  const cell = (value, at) => el("td", { class: heads[at].startsWith("#") ? "n" : null }, value);
  return el("div", { class: "scroll-x", tabindex: 0, role: "region", ...properties },
    el("table", {},
      el("thead", {}, el("tr", {}, heads.map(head))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))));
}

function card(title, ...children) {
  return el("section", { class: "card", "aria-label": title }, el("h2", {}, title), ...children);
}

let noticeTimer;
// Says what happened. An error stays until something else happens.
function notify(text, isError = false) {
  const notice = byId("notice");
  clearTimeout(noticeTimer);
  notice.replaceChildren(visible(text), " ", button("Close", () => { notice.hidden = true; }, { class: "quiet" }));
  notice.classList.toggle("bad", isError);
  notice.hidden = false;
  if (!isError) noticeTimer = setTimeout(() => { notice.hidden = true; }, 6000);
}

// Runs what a control does, and shows what goes wrong.
async function attempt(work, done) {
  try {
    const result = await work();
    if (done) notify(done);
    return result;
  } catch (error) {
    if (!(error instanceof Cancelled)) notify(error.message, true);
    return undefined;
  }
}
