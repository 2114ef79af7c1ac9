// Live traffic: the journal as it grows.

// How many exchanges the page keeps; the journal keeps as many by default.
const MOST_ROWS = 10_000;

const traffic = {
  rows: [],
  shown: [],
  held: [],
  // What was dropped before it came here, and here to make room.
  lost: 0,
  paused: false,
  filter: "",
  journal: undefined,
  last: undefined,
};

const statusTone = ({ status, stage, fault }) =>
  stage === "unmatched" ? "t-miss" : status >= 500 || fault ? "t-bad" : status >= 400 ? "t-client" : "";

// Where a window is narrow, and beside an open exchange, there is room for the first ones.
const small = matchMedia("(max-width: 760px)");
const trafficColumns = (isNarrow) => [
  ...(small.matches ? [] : [{ title: "Time", width: "6.6rem", of: (row) => clockTime(row.at) }]),
  ...(showsWorlds() && !isNarrow ? [{ title: "World", width: "minmax(4rem, 7rem)", of: (row) => oneLine(row.world, 64) }] : []),
  { title: "Method", width: "4.6rem", of: (row) => el("b", {}, oneLine(row.method, 20)) },
  { title: "Path", width: "minmax(8rem, 4fr)", of: (row) => pathCell(row.target) },
  { title: "Status", width: "3.6rem", n: true, of: (row) => el("span", { class: "status" }, row.status) },
  ...(small.matches ? [] : [{ title: "Stage", width: "6rem", of: (row) => row.stage }]),
  ...(isNarrow || small.matches ? [] : [
    { title: "Rule or stub", width: "minmax(5rem, 2fr)", of: (row) => whoAnswered(row) },
    { title: "Fault", width: "minmax(3.4rem, 0.7fr)", of: (row) => oneLine(row.fault ?? "", 40) },
    { title: "Took", width: "4.8rem", n: true, of: (row) => span(row.microseconds + (row.delayMicroseconds ?? 0)) },
  ]),
];

// A column of worlds says something where there are several.
const showsWorlds = () => state.world === "default" && state.hasWorlds;

// The end of a long path says more than its middle, so it is the middle that makes room.
function pathCell(target) {
  const text = oneLine(target);
  const end = text.length > 40 ? text.length - 24 : text.length;
  return el("span", { class: "path", title: oneLine(target, 2000) }, el("span", {}, text.slice(0, end)), el("span", {}, text.slice(end)));
}

function whoAnswered(row) {
  const text = row.rule ?? row.name ?? (row.stage === "scenario" ? row.by : row.by?.slice(0, 8));
  return oneLine(text ?? row.hint ?? "", 120);
}

// All that a row can be found by.
function haystack(row) {
  row.text ??= [row.method, row.target, row.status, row.stage, row.by, row.name, row.rule, row.fault, row.hint, row.world]
    .filter((part) => part !== undefined).join(" ").toLowerCase();
  return row.text;
}

// `method:get status:4xx -stage:admin word`: all of the words have to fit.
function parseFilter(text) {
  const of = { method: "method", path: "target", status: "status", stage: "stage", rule: "rule", stub: "name", fault: "fault", world: "world" };
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const tests = words.map((word) => {
    const not = word.startsWith("-") && word.length > 1;
    const bare = not ? word.slice(1) : word;
    const colon = bare.indexOf(":");
    const field = of[bare.slice(0, colon)];
    const value = bare.slice(colon + 1);
    let fits = (row) => haystack(row).includes(bare);
    if (field === "status") fits = (row) => String(row.status).startsWith(value.replace(/x+$/, ""));
    else if (field === "rule") fits = (row) => `${row.rule ?? ""} ${row.stage === "scenario" ? row.by : ""}`.trim().toLowerCase().includes(value) && Boolean(row.rule ?? (row.stage === "scenario"));
    else if (field) fits = (row) => row[field] !== undefined && String(row[field]).toLowerCase().includes(value);
    return (row) => fits(row) !== not;
  });
  return (row) => tests.every((test) => test(row));
}

function refilter() {
  const fits = parseFilter(traffic.filter);
  traffic.shown = traffic.rows.filter(fits);
  traffic.list?.setRows(traffic.shown);
  sayCounts();
}

// Takes up what came: all of it at once, in the next frame.
function takeRows(rows) {
  traffic.last = rows.at(-1).number;
  if (traffic.paused) {
    traffic.held.push(...rows);
    traffic.lost += dropOldest(traffic.held);
    sayCounts();
    return;
  }
  const fits = parseFilter(traffic.filter);
  const fitting = rows.filter(fits);
  traffic.rows.push(...rows);
  if (dropOldest(traffic.rows)) {
    const oldest = traffic.rows[0].number;
    const gone = traffic.shown.findIndex((row) => row.number >= oldest);
    traffic.shown.splice(0, gone < 0 ? traffic.shown.length : gone);
  }
  traffic.shown.push(...fitting);
  traffic.list?.setRows(traffic.shown, fitting.length);
  sayCounts();
}

function dropOldest(rows) {
  const many = Math.max(0, rows.length - MOST_ROWS);
  rows.splice(0, many);
  return many;
}

function clearRows() {
  Object.assign(traffic, { rows: [], shown: [], held: [], lost: 0 });
  traffic.list?.setRows(traffic.shown);
  sayCounts();
}

function sayCounts() {
  const counts = byId("traffic-counts");
  if (!counts) return;
  const parts = [traffic.filter ? `${grouped(traffic.shown.length)} of ${count(traffic.rows.length, "request")}` : count(traffic.rows.length, "request")];
  if (traffic.paused) parts.push(`paused, ${grouped(traffic.held.length)} more`);
  if (traffic.lost) parts.push(`${grouped(traffic.lost)} lost: the page fell behind`);
  counts.textContent = parts.join(" · ");
  const none = byId("traffic-none");
  none.hidden = traffic.shown.length > 0;
  if (!none.hidden) {
    none.replaceChildren(traffic.rows.length
      ? empty("No request fits the filter", "Fields: method: path: status:4xx stage: rule: stub: fault: world:, and -word for what shall not be there.")
      : empty("No requests yet", "They appear here as clients send them, with what answered: a stub, a rule of a scenario, the Kubernetes API, a backend.", "Requests to /__admin are not among them."));
  }
}

function pause(paused = !traffic.paused) {
  traffic.paused = paused;
  const control = byId("pause");
  if (control) {
    control.textContent = paused ? "Resume" : "Pause";
    control.setAttribute("aria-pressed", String(paused));
  }
  link(paused ? "paused" : traffic.linked ? "live" : "waiting");
  const held = traffic.held;
  traffic.held = [];
  if (!paused && held.length) takeRows(held);
  sayCounts();
}

// Follows the journal of the world, as long as the world is the same.
async function follow(signal) {
  let pending = [];
  let timer;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const rows = pending;
    pending = [];
    if (rows.length && !signal.aborted) takeRows(rows);
  };
  const take = ({ name, data }) => {
    if (signal.aborted) return;
    const value = JSON.parse(data);
    if (name === "message") {
      pending.push(value);
      // Not in a frame: a page that is not seen draws none.
      if (pending.length >= MOST_ROWS) flush();
      else timer ??= setTimeout(flush, 50);
    } else if (name === "lost") {
      traffic.lost += value.lost;
      sayCounts();
    } else if (name === "cleared") {
      pending = [];
      clearRows();
    } else if (name === "journal" && traffic.journal !== value.journal) {
      // Another server, whose numbers begin anew.
      const isOther = traffic.journal !== undefined;
      traffic.journal = value.journal;
      if (isOther) clearRows();
      if (isOther && traffic.last !== undefined) {
        traffic.last = undefined;
        throw new Error("another journal");
      }
    }
  };
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 10_000)) {
    try {
      // A request to a world that was deleted would make it again.
      if (traffic.wasLinked && state.world !== "default") await api("GET", `worlds/${encodeURIComponent(state.world)}`, undefined, { ...asDefault, signal });
      const query = traffic.last === undefined ? "" : `?after=${traffic.last}`;
      const answer = await request("GET", `events${query}`, { accept: "text/event-stream", signal });
      traffic.linked = traffic.wasLinked = true;
      link(traffic.paused ? "paused" : "live");
      wait = 500;
      await events(answer, take);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) return notify(error.message, true);
      if (error.status === 404 && state.world !== "default") return void chooseWorld("default");
      if (error.status) {
        link("off", error.message);
        wait = 10_000;
      }
    }
    traffic.linked = false;
    if (signal.aborted) return;
    if (!traffic.paused) link("waiting");
    await waitFor(wait, signal);
  }
}

function link(how, why) {
  const words = { live: "Live", paused: "Paused", waiting: "Reconnecting", off: "No live traffic" };
  const shown = byId("link");
  shown.className = `link ${how}`;
  shown.replaceChildren(el("span", { class: "dot", "aria-hidden": "true" }), words[how]);
  shown.title = visible(why ?? "");
}

const QUICK = [["All", ""], ["Unmatched", "stage:unmatched"], ["4xx", "status:4xx"], ["5xx", "status:5xx"], ["Faults", "fault:"], ["Rules", "rule:"]];

function trafficView(view, signal) {
  const filter = el("input", {
    id: "filter", type: "search", value: traffic.filter, spellcheck: "false", autocomplete: "off",
    placeholder: "Filter: status:5xx path:/orders -method:get", "aria-label": "Filter of requests",
    oninput: (event) => setFilter(event.target.value),
  });
  const setFilter = (text) => {
    traffic.filter = text.trim();
    if (filter.value.trim() !== traffic.filter) filter.value = text;
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.value === traffic.filter));
    refilter();
  };
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Common filters" },
    QUICK.map(([title, value]) => button(title, () => setFilter(value), { value, "aria-pressed": String(value === traffic.filter) })));
  const panel = el("aside", { class: "panel", "aria-label": "Exchange", hidden: true });
  const arrange = () => list.setColumns(trafficColumns(!panel.hidden), small.matches ? "0px" : undefined);
  const open = (row) => {
    const isFirst = panel.hidden;
    list.follows = true;
    showExchange(panel, row, closePanel);
    if (isFirst) arrange();
  };
  const closePanel = () => {
    panel.hidden = true;
    list.follows = false;
    arrange();
    list.scroll.focus();
  };
  const list = new RowList({
    label: "Requests", columns: trafficColumns(false), least: small.matches ? "0px" : undefined, key: (row) => row.number, tone: statusTone, open,
  });
  list.isNewestFirst = true;
  traffic.list = list;
  Object.assign(traffic, { close: closePanel, arrange });
  view.replaceChildren(el("div", { class: "toolbar" },
    el("h2", { class: "hidden" }, "Traffic"), filter, chips,
    el("span", { class: "spring" }),
    el("span", { id: "traffic-counts", class: "soft", role: "status" }),
    button("Pause", () => pause(), { id: "pause", "aria-pressed": "false", title: "Pause or resume (p)" }),
    button("Clear", () => attempt(async () => { await api("DELETE", "requests"); clearRows(); }, "The journal was cleared."), { title: "Clear the journal of this world" })),
  el("div", { class: "split" }, el("div", { class: "pane" }, list.scroll, el("div", { id: "traffic-none", class: "over" })), panel));
  pause(traffic.paused);
  refilter();
  small.addEventListener("change", arrange, { signal });
  signal.addEventListener("abort", () => { list.close(); Object.assign(traffic, { list: undefined, arrange: undefined }); });
}
