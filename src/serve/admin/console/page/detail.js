// One exchange: what was asked and answered, as the journal shows it, and why nothing answered.

// How much of a body is shown at first.
const FIRST_SHOWN = 20_000;

let opened = 0;

async function showExchange(panel, row, close) {
  const turn = (opened += 1);
  panel.hidden = false;
  if (panel.shown !== row.id) panel.replaceChildren(el("p", { class: "soft" }, "Loading…"));
  panel.shown = row.id;
  let exchange;
  try {
    exchange = await api("GET", `requests/${row.id}`);
  } catch (error) {
    if (turn !== opened) return;
    const gone = error.status === 404;
    panel.replaceChildren(panelHead(row, close), empty(gone ? "It is no longer in the journal" : "It cannot be shown", gone ? "The journal keeps the newest exchanges; --bound journal-entries=N makes it larger." : error.message));
    return;
  }
  if (turn !== opened) return;
  const { request: asked, response, subEvents, timing } = exchange;
  const standin = asked.standin ?? {};
  panel.replaceChildren(
    panelHead(row, close),
    el("div", { class: "actions" }, button("Make a stub of it", () => editStub(draft(exchange)), { class: "main", title: "Make a stub of it (s)", id: "make-stub" })),
    facts([
      ["Answered by", `${row.stage}${row.by ? ` ${row.by}` : ""}${row.name ? ` (${row.name})` : ""}`],
      ["Rule", row.rule],
      ["Fault", row.fault && `${row.fault}${standin.faultAt ? ` (${typeof standin.faultAt === "string" ? standin.faultAt.replace("_", " ") : `after ${count(standin.faultAt.bytes, "byte")}`})` : ""}`],
      ["Hint", row.hint],
      ["Request", standin.verb && `${standin.verb} ${standin.resource}`],
      ["World", row.world],
      ["Time", `${asked.loggedDateString}; took ${span(row.microseconds)}${timing.addedDelay ? `, waited ${timing.addedDelay} ms on purpose` : ""}`],
      ["Client", `${asked.clientIp} over ${asked.protocol}, ${asked.scheme}`],
    ]),
    row.stage === "unmatched" && missSection(row, turn),
    el("h3", {}, "Request"), fields(asked.headers), bodyOf("Request body", asked.body, asked.bodyAsBase64, standin.bodyCut),
    el("h3", {}, `Response ${response.status}`),
    response.headers && fields(response.headers), bodyOf("Response body", response.body, response.bodyAsBase64, standin.responseBodyCut),
    subEvents.length > 0 && el("h3", {}, "Events"),
    subEvents.map(({ type, timeOffsetNanos, data }, index) => el("details", {},
      el("summary", {}, `${oneLine(type, 80)} after ${span(timeOffsetNanos / 1000)}`), textBlock(data?.report ?? data?.message ?? JSON.stringify(data, null, 2), oneLine(`${type} ${index + 1}`, 80)))));
  panel.exchange = exchange;
}

function panelHead(row, close) {
  return el("div", { class: "panel-head" },
    el("h2", {}, el("span", { class: `status ${statusTone(row)}` }, row.status), " ", el("span", {}, oneLine(row.method, 20)), " ", code(row.target, 400)),
    button("Close", close, { class: "quiet", title: "Close (Esc)" }));
}

function fields(all) {
  const entries = Object.entries(all ?? {}).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  if (!entries.length) return el("p", { class: "soft" }, "No header fields.");
  const shown = entries.slice(0, 200);
  const rest = entries.length - shown.length;
  return el("div", {}, el("dl", { class: "fields" }, shown.flatMap(([name, value]) => [el("dt", {}, oneLine(name, 200)), el("dd", {}, longText(String(value), 300))])),
    rest > 0 && el("p", { class: "soft" }, `and ${count(rest, "more field")}`));
}

// A text of which the beginning is shown, and the rest if that is asked for.
function longText(text, most) {
  const shown = el("span", {}, visible(cut(text, most)));
  if (text.length <= most) return shown;
  const more = button(`Show all ${grouped(text.length)} characters`, () => { shown.textContent = visible(text); more.remove(); }, { class: "quiet" });
  return el("span", {}, shown, " ", more);
}

function textBlock(text, label = "Text", kind = null) {
  return el("pre", { tabindex: 0, role: "region", "aria-label": label, class: kind }, longText(String(text), FIRST_SHOWN));
}

function bodyOf(label, text, base64, cutAt) {
  const note = cutAt && el("p", { class: "soft" }, cutAt.bytes ? `The journal keeps the beginning of ${count(cutAt.bytes, "byte")}.` : "The journal does not keep a body that is streamed.");
  if (!text && !base64) return note || el("p", { class: "soft" }, "No body.");
  const isText = !text.includes("\ufffd");
  const shown = isText ? pretty(text) : `${count(Math.floor((base64.length * 3) / 4), "byte")} that are no text, in base64:\n${base64}`;
  return el("div", {}, note, textBlock(shown, label));
}

function pretty(text) {
  if (!/^\s*[[{]/.test(text) || text.length > 500_000) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Why nothing answered: the nearest stubs beside the request.
function missSection(row, turn) {
  const section = el("section", { class: "miss", "aria-label": "Nearest stubs" }, el("h3", {}, "Nearest stubs"), el("p", { class: "soft" }, "Comparing…"));
  api("GET", `requests/${row.id}/differences`).then(({ nearest }) => {
    if (turn !== opened) return;
    section.lastChild.remove();
    if (!nearest.length) section.append(el("p", { class: "soft" }, "There are no stubs to compare with."));
    section.append(...nearest.map(nearStub));
  }, (error) => { section.lastChild.textContent = error.message; });
  return section;
}

function nearStub({ stubMapping, distance, parts }, index) {
  const wrong = parts.filter(({ difference }) => difference).length;
  const name = stubMapping.name ?? stubMapping.id.slice(0, 8);
  const shown = parts.map(({ part, expected, actual, difference }) => {
    const label = difference ?? `${part || "Pattern"} matches`;
    return el("li", { class: difference ? "differs" : "same" },
      el("p", { class: "what" }, mark(difference ? "failed" : "passed"), oneLine(label, 200)),
      difference
        ? el("div", { class: "sides" }, sides(expected, actual))
        : el("pre", {}, visible(cut(expected, 400))));
  });
  return el("details", { open: index === 0 },
    el("summary", {}, oneLine(name, 120), el("span", { class: "soft" }, ` ${count(wrong, "difference")}, distance ${distance.toFixed(2)}`)),
    el("ul", { class: "parts", role: "list" }, shown),
    el("div", { class: "actions" }, button("Edit this stub", () => editStub(stubMapping, stubMapping.id))));
}

// Both sides, with the lines marked that the other one does not have.
function sides(expected, actual) {
  const [left, right] = [expected, actual].map((text) => cut(text, 4000).split("\n"));
  const common = commonLines(left, right);
  const side = (title, lines, tag, at) => el("div", {}, el("span", { class: "soft" }, title),
    el("pre", {}, lines.join("") === "" ? el("i", {}, "nothing") : lines.map((line, index) => [el(common[at].has(index) ? "span" : tag, {}, visible(line)), "\n"])));
  return [side("Stub", left, "del", 0), side("Request", right, "ins", 1)];
}

// The longest common subsequence of lines, as places in each. Of long texts nothing is common.
function commonLines(left, right) {
  const found = [new Set(), new Set()];
  if (left.length * right.length > 40_000) return found;
  const [a, b] = [left, right].map((lines) => lines.map((line) => line.trimEnd()));
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      found[0].add(i++);
      found[1].add(j++);
    } else if (lengths[i + 1][j] >= lengths[i][j + 1]) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return found;
}
