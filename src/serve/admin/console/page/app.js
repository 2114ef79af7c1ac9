// The page itself: views, keys, the colour scheme, and where the page is.

const VIEWS = [
  ["traffic", "Traffic", trafficView], ["scenarios", "Scenarios", scenariosView], ["worlds", "Worlds", worldsView],
  ["objects", "Objects", objectsView], ["recorder", "Recorder", recorderView], ["drill", "Drill", drillView],
];

const KEYS = [
  ["1 … 6", "go to a view"], ["/", "filter"], ["j, k, ↓, ↑", "next and previous row"], ["Page Up, Page Down, Home, End", "move far"],
  ["Enter", "open the chosen row"], ["Esc", "close what is open; leave the filter"], ["p", "pause or resume the traffic"],
  ["s", "make a stub of the open exchange"], ["w", "choose a world"], ["t", "colours: of the system, light, dark"], ["?", "these keys"],
];

let viewing = new AbortController();
let following = new AbortController();

function show(name) {
  const [id, title, draw] = VIEWS.find(([one]) => one === name) ?? VIEWS[0];
  viewing.abort();
  viewing = new AbortController();
  traffic.close = undefined;
  for (const anchor of document.querySelectorAll("#views a")) {
    if (anchor.hash === `#${id}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  document.title = `${title} · Standin console`;
  const view = byId("view");
  view.className = id;
  view.replaceChildren();
  byId("notice").hidden = true;
  draw(view, viewing.signal);
}

const current = () => location.hash.slice(1) || VIEWS[0][0];

function chooseWorld(world) {
  if (state.world === world) return;
  state.world = world;
  byId("world").value = world;
  // Rows of other worlds go, and all that belong to this one come.
  Object.assign(traffic, { last: undefined, journal: undefined, wasLinked: false });
  clearRows();
  startFollowing();
  if (current() !== "worlds") show(current());
}

function startFollowing() {
  following.abort();
  following = new AbortController();
  follow(following.signal);
}

const SCHEMES = { "": "System colours", light: "Light", dark: "Dark" };

function setScheme(scheme) {
  if (scheme) document.documentElement.dataset.theme = scheme;
  else delete document.documentElement.dataset.theme;
  const control = byId("theme");
  control.replaceChildren(el("span", { "aria-hidden": "true" }, "◐ "), el("span", { class: "word" }, SCHEMES[scheme]));
  control.setAttribute("aria-label", `Colours: ${SCHEMES[scheme]}`);
  control.title = "Other colours (t)";
  try {
    localStorage.setItem("standin-scheme", scheme);
  } catch {
    // It is chosen anew next time.
  }
}

function nextScheme() {
  const names = Object.keys(SCHEMES);
  setScheme(names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length]);
}

function showKeys() {
  const dialog = byId("help");
  dialog.replaceChildren(el("h2", { id: "help-title" }, "Keys"),
    el("dl", { class: "keys" }, KEYS.flatMap(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)])),
    el("div", { class: "actions" }, button("Close", () => dialog.close(), { class: "main" })));
  dialog.showModal();
}

function onKey(event) {
  const { target, key } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const isTyping = target.matches?.("input:not([type=checkbox]), textarea, select");
  if (key === "Escape") {
    if (isTyping && target.id === "filter") byId("view").querySelector("[role=grid]")?.focus();
    else traffic.close?.();
    return;
  }
  if (isTyping) return;
  const keys = {
    "/": () => byId("filter")?.focus(),
    "?": showKeys,
    p: () => pause(),
    t: nextScheme,
    w: () => byId("world").focus(),
    s: () => byId("make-stub")?.click(),
  };
  const view = VIEWS[Number(key) - 1];
  if (view) location.hash = view[0];
  else if (key in keys) keys[key]();
  else if ((key === "j" || key === "k") && !target.matches("[role=grid]")) byId("view").querySelector("[role=grid]")?.focus();
  else return;
  event.preventDefault();
}

byId("views").append(...VIEWS.map(([id, title], at) => el("li", {}, el("a", { href: `#${id}`, title: `${title} (${at + 1})` }, title))));
byId("world").append(el("option", { value: state.world }, oneLine(state.world, 64)));
byId("world").addEventListener("change", (event) => chooseWorld(event.target.value));
byId("theme").addEventListener("click", nextScheme);
byId("help-open").addEventListener("click", showKeys);
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", () => show(current()));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("view").focus();
});
try {
  setScheme(localStorage.getItem("standin-scheme") ?? "");
} catch {
  setScheme("");
}
link("waiting");
show(current());
startFollowing();
// Worlds come and go; the list is short, and asked for while the page is seen.
poll(new AbortController().signal, 5000, () => current() !== "worlds" && listWorlds().catch(() => {}));
