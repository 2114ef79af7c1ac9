// The verdict on the world's clients: expectations, timeline, findings, as in the report of a drill.

const VERDICTS = { passed: "Passed", failed: "Failed", not_met: "Not met", broken: "Broken" };
const RESULTS = { passed: ["passed", "Passed"], failed: ["failed", "Failed"], not_reached: ["not_met", "Not reached"] };

function drillView(view, signal) {
  const page = el("div", { class: "page" }, el("p", { class: "soft" }, "Loading…"));
  view.replaceChildren(page);
  let before = "";
  poll(signal, 2000, async () => {
    let verdict;
    try {
      verdict = await api("GET", "verdict");
    } catch (error) {
      if (error.status !== 409) throw error;
      if (before !== error.message) page.replaceChildren(empty("Requests are not graded", "Start the server with --graded or with a scenario: then this page judges what clients do, while they do it."));
      before = error.message;
      return;
    }
    const { idleSeconds, ...stays } = verdict;
    const text = JSON.stringify(stays);
    if (signal.aborted || text === before) return;
    before = text;
    const open = [...page.querySelectorAll("details[open]")].map(({ id }) => id);
    page.replaceChildren(...drillCards(verdict));
    for (const id of open) byId(id)?.setAttribute("open", "");
  });
}

function drillCards({ verdict, scenario, requests, expectations = [], findings = [], timeline = [], phases = [] }) {
  const head = el("section", { class: "card", "aria-label": "Verdict" },
    el("div", { class: "head" }, el("h2", { class: "text" }, oneLine(scenario || "No scenario", 300)), badge(verdict, VERDICTS[verdict] ?? verdict)),
    el("p", { class: "soft" }, `${count(requests, "request")}${phases.length ? `; phases: ${phases.map(({ name, reached }) => `${name}${reached ? "" : " (not reached)"}`).join(", ")}` : ""}`),
    el("h3", {}, "Expectations"),
    expectations.length ? el("ul", { class: "checks", role: "list" }, expectations.map(expectation)) : el("p", { class: "soft" }, "The scenarios that are on expect nothing."));
  const drawing = el("section", { class: "card", "aria-label": "Timeline" }, el("h2", {}, "Timeline"),
    timeline.length
      ? [timeline.length < requests && el("p", { class: "note" }, `The first ${grouped(timeline.length)} requests.`), drawTimeline(timeline), timelineKey(), el("details", { id: "timeline-table" }, el("summary", {}, `${count(timeline.length, "request")} as a table`), requestTable(timeline))]
      : el("p", { class: "soft" }, "No client has asked for anything yet."));
  const found = card("Findings", findings.length
    ? el("ul", { class: "checks", role: "list" }, findings.map(finding))
    : el("p", { class: "soft" }, "Clients did nothing that they should not have."));
  return [head, drawing, found];
}

function expectation({ expectation: what, rule, result, reasons }) {
  const [kind, word] = RESULTS[result] ?? ["note", result];
  return el("li", {}, mark(kind, { class: `mark c-${kind}` }), el("div", {},
    el("span", { class: `word c-${kind}` }, word), " ", code(what, 200), " ", rule && el("span", { class: "rule" }, `rule ${oneLine(rule, 120)}`),
    reasons.map((reason) => el("p", { class: "reason" }, visible(reason)))));
}

function finding({ code: kind, message, rule, fails, atSeconds }) {
  const tone = fails ? "failed" : "note";
  return el("li", {}, mark(tone, { class: `mark c-${tone}` }), el("div", {},
    el("span", { class: `word c-${tone}` }, oneLine(kind, 60)), " ", el("span", { class: "rule" }, `at ${seconds(atSeconds)}${rule ? `, rule ${oneLine(rule, 120)}` : ""}`),
    el("p", { class: "reason" }, visible(message))));
}

function requestTable(timeline) {
  const rows = timeline.slice(0, 1000).map((one) => [
    seconds(one.beganSeconds), el("span", {}, el("b", {}, oneLine(one.method, 20)), " ", code(one.path, 200)), one.status, one.attempt,
    oneLine([one.result, one.rule && `rule ${one.rule}`, one.fault && `fault ${one.fault}`].filter(Boolean).join(", "), 300)]);
  return table(["#Began", "Request", "#Status", "#Attempt", "What came of it"], rows, { "aria-label": "Requests", class: "scroll-x log" });
}
