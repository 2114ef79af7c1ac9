// Requests over time, as the report of a drill draws them: a lane for each call, with bars, marks, waits and retries.
// Places are percentages and sizes are pixels.

const LANE = { lanes: 20, rows: 4, row: 18, space: 4, bar: 8, close: 1.1, lines: 40 };
const MEANINGS = [
  ["answered", "answered"], ["shaped", "delayed or modified by a rule"], ["client", "status 4xx"],
  ["server", "status 5xx"], ["lost", "no answer, or not a whole one"],
];
const SHAPES = {
  answered: ["circle", { class: "m m-answered", r: 4.5 }],
  shaped: ["path", { class: "m m-shaped", d: "M0-5.5 5.5 0 0 5.5-5.5 0z" }],
  client: ["path", { class: "m m-client", d: "M0-5.5 5.5 4.5-5.5 4.5z" }],
  server: ["path", { class: "m m-server", d: "M-4.5-4.5h9v9h-9z" }],
  lost: ["path", { class: "m-lost", d: "M-4-4 4 4M4-4-4 4" }],
};
const RANK = Object.fromEntries(MEANINGS.map(([kind], at) => [kind, at]));

function kindOf({ lost, status, rule }) {
  if (lost) return "lost";
  if (status >= 500) return "server";
  if (status >= 400) return "client";
  return rule ? "shaped" : "answered";
}

function layOut(requests) {
  const from = Math.min(...requests.map((one) => one.beganSeconds));
  const to = Math.max(...requests.map((one) => one.endedSeconds ?? one.beganSeconds));
  const length = Math.max(to - from, 0.001);
  const at = (time) => Math.min(100, Math.max(0, ((time - from) / length) * 100));
  const calls = new Map();
  for (const one of [...requests].sort((a, b) => a.beganSeconds - b.beganSeconds)) {
    const name = `${one.method} ${one.path}`;
    if (!calls.has(name)) calls.set(name, []);
    calls.get(name).push(one);
  }
  const named = [...calls].slice(0, LANE.lanes);
  const rest = [...calls].slice(LANE.lanes);
  const lanes = named.map(([, group]) => ({ method: group[0].method, path: group[0].path, ...lane(group, at) }));
  if (rest.length) lanes.push({ more: rest.length, ...lane(rest.flatMap(([, group]) => group).sort((a, b) => a.beganSeconds - b.beganSeconds), at) });
  return { length, lanes };
}

function lane(group, at) {
  const made = { requests: group.length, errors: 0, bars: [], waits: [], retries: [], marks: [] };
  const free = [];
  const last = new Map();
  for (const one of group) {
    const start = at(one.beganSeconds);
    let row = free.findIndex((until) => until <= start);
    if (row < 0) row = free.length < LANE.rows ? free.push(0) - 1 : free.length - 1;
    const end = Math.max(start, one.endedSeconds === null ? 100 : at(one.endedSeconds));
    const answered = Math.min(end, Math.max(start, at(one.answeredSeconds)));
    free[row] = Math.max(free[row], end);
    const kind = kindOf(one);
    const failed = RANK[kind] > RANK.shaped;
    if (failed) made.errors += 1;
    if (one.retryAfterSeconds) made.waits.push([answered, at(one.answeredSeconds + one.retryAfterSeconds)]);
    const before = last.get(one.call);
    if (before?.failed) made.retries.push([before.answered, before.row, start, row]);
    last.set(one.call, { answered, row, failed });
    made.bars.push({ row, start, answered, end });
    const text = `${one.method} ${cut(one.path, 200)} ${one.result}${one.rule ? `, rule ${one.rule}` : ""}${one.fault ? `, fault ${one.fault}` : ""}`;
    const near = made.marks.findLast((dot) => dot.row === row && Math.abs(dot.at - answered) < LANE.close);
    if (near) {
      near.requests += 1;
      if (RANK[kind] > RANK[near.kind]) near.kind = kind;
    } else {
      made.marks.push({ row, at: answered, kind, requests: 1, text });
    }
  }
  return { ...made, rows: free.length };
}

function ticks(length) {
  const [unit, name] = length < 2 ? [0.001, "ms"] : length < 300 ? [1, "s"] : [60, "min"];
  const whole = length / unit;
  const rough = whole / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const found = [];
  for (let at = 0; at <= whole * 1.0001; at += step) found.push([(at / whole) * 100, `${Number(at.toFixed(3))} ${name}`]);
  return found;
}

const percent = (place) => `${place.toFixed(2)}%`;
const middle = (row) => LANE.space / 2 + row * LANE.row + LANE.row / 2;
const shape = (kind, x, y, text) => svg("svg", { x, y, overflow: "visible", class: "at" }, svg(...SHAPES[kind]), text && svg("title", {}, visible(text)));
const box = (kind, [x, width], [y, height]) => svg("rect", { class: kind, x: percent(x), width: percent(width), y, height });

function definitions() {
  const pattern = (id, size, turn, ...content) => svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: turn && `rotate(${turn})` }, ...content);
  return svg("svg", { class: "defs", "aria-hidden": "true", focusable: "false" }, svg("defs", {},
    pattern("hatch", 7, 45, svg("rect", { class: "p-back", width: 7, height: 7 }), svg("line", { class: "p-line", y2: 7 }))));
}

// The segments with which several paths begin, where they are worth being shown once.
function sharedStart(paths) {
  const [first, ...others] = paths;
  if (!others.length) return "";
  let length = first.lastIndexOf("/");
  for (const other of others) {
    let same = 0;
    while (same < first.length && first[same] === other[same]) same += 1;
    while (length > same || (length > 0 && other[length] !== "/")) length = first.lastIndexOf("/", length - 1);
  }
  return length < 12 ? "" : first.slice(0, length);
}

function drawTimeline(requests) {
  const { length, lanes } = layOut(requests);
  const marks = ticks(length);
  const shared = sharedStart(lanes.filter(({ path }) => path).map(({ path }) => path));
  const lines = (kind, places, height) => places.map((x) => svg("line", { class: kind, x1: percent(x), x2: percent(x), y1: 1, y2: height }));
  const track = (one, name) => {
    const height = one.rows * LANE.row + LANE.space;
    return svg("svg", { class: "track", role: "img", height, "aria-label": visible(name) },
      lines("g", marks.map(([x]) => x), height),
      one.waits.map(([start, end]) => box("wait", [start, end - start], [1, height - 2])),
      one.waits.length <= LANE.lines && lines("edge", one.waits.map(([, end]) => end), height - 1),
      one.retries.length <= LANE.lines && one.retries.map(([x1, row1, x2, row2]) => svg("line", { class: "retry", x1: percent(x1), x2: percent(x2), y1: middle(row1), y2: middle(row2) })),
      one.bars.flatMap(({ row, start, answered, end }) => {
        const vertical = [middle(row) - LANE.bar / 2, LANE.bar];
        const width = Math.max(end - answered, 0.2);
        return [answered > start && box("pending", [start, answered - start], vertical), (end > answered || end <= start) && box("body", [Math.min(answered, 100 - width), width], vertical)];
      }),
      one.marks.map(({ row, at, kind, requests: many, text }) => shape(kind, percent(at), middle(row), many === 1 ? text : `${many} requests, the worst: ${MEANINGS[RANK[kind]][1]}`)));
  };
  const shown = lanes.flatMap((one) => {
    const times = `${count(one.requests, "request")}${one.errors ? `, ${count(one.errors, "error")}` : ""}`;
    const name = one.more ? count(one.more, "more call") : el("code", {}, el("b", {}, oneLine(one.method, 20)), " ", oneLine(shared ? `…${one.path.slice(shared.length)}` : one.path, 200));
    return [el("p", { class: "call" }, name, el("br"), el("span", { class: "times" }, times)), track(one, `${one.more ? count(one.more, "more call") : `${one.method} ${cut(one.path, 200)}`}: ${times}`)];
  });
  const anchor = (x) => (x < 3 ? "start" : x > 94 ? "end" : "middle");
  const axis = svg("svg", { class: "track axis", height: LANE.row, "aria-hidden": "true" },
    svg("line", { class: "base", x2: "100%", y1: 5.5, y2: 5.5 }),
    marks.map(([x, text]) => svg("text", { x: percent(x), y: LANE.row, "text-anchor": anchor(x) }, text)));
  return el("div", {}, definitions(),
    shared && el("p", { class: "note" }, el("code", {}, "…"), " is ", code(shared, 200)), el("div", { class: "lanes" }, shown, axis));
}

function timelineKey() {
  const entry = (drawing, text) => el("li", {}, svg("svg", { width: 34, height: 14, "aria-hidden": "true" }, drawing), text);
  const wide = { width: 34, x: 0 };
  return el("ul", { class: "key", role: "list" },
    MEANINGS.map(([kind, text]) => entry(shape(kind, 17, 7), text)),
    entry(svg("rect", { class: "pending", y: 3, height: 8, ...wide }), "until the answer begins"),
    entry(svg("rect", { class: "body", y: 3, height: 8, ...wide }), "until the answer ends"),
    entry(svg("rect", { class: "wait", height: 14, ...wide }), "wait that Retry-After asks for"),
    entry(svg("line", { class: "retry", x2: 34, y1: 7, y2: 7 }), "next attempt of a failed call"));
}
