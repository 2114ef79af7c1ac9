// Scenarios: which are on, where each is on its timeline, what its rules did; and the clock that they go by.

const RATES = [0.1, 0.5, 1, 2, 10, 60, 600];

function scenariosView(view, signal) {
  const clock = clockCard(() => refresh());
  const running = el("div", { class: "stack" });
  const states = el("div", {});
  const search = el("input", { id: "filter", type: "search", placeholder: "Filter scenarios", "aria-label": "Filter of scenarios", spellcheck: "false", oninput: () => drawKnown() });
  const known = el("ul", { class: "switches", role: "list" });
  const server = button("Restore the server's", () => change(() => api("DELETE", "scenarios")), { title: "Use the scenarios that the server was started with" });
  let all = [];

  const change = async (work) => {
    await attempt(work);
    await attempt(refreshAll);
  };
  const setOn = (scenario, on) => change(() => {
    if (scenario.source === "put") return api("DELETE", `scenarios/${encodeURIComponent(scenario.name)}`);
    const names = all.filter((one) => one.source !== "put" && (one === scenario ? on : one.on)).map(({ name }) => name);
    return api("PUT", "scenarios", { scenarios: names });
  });
  const drawKnown = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ name, about }) => words.every((word) => `${name} ${about}`.toLowerCase().includes(word));
    const shown = all.filter(fits).sort((one, other) => Number(other.on) - Number(one.on));
    const focused = document.activeElement?.dataset?.scenario;
    known.replaceChildren(...shown.map((scenario, at) => el("li", {},
      el("label", {},
        el("input", { type: "checkbox", role: "switch", checked: scenario.on, "aria-describedby": `about-${at}`, "data-scenario": scenario.name, onchange: (event) => setOn(scenario, event.target.checked) }),
        el("span", { class: "track-switch", "aria-hidden": "true" }), el("span", { class: "text" }, oneLine(scenario.name, 120))),
      el("p", { class: "soft", id: `about-${at}` }, visible(scenario.about || (scenario.source === "put" ? "Put into this world over the admin API." : "The server was started with it."))))));
    if (!shown.length) known.append(el("li", {}, el("p", { class: "soft" }, "No scenario fits.")));
    if (focused) [...known.querySelectorAll("input")].find((input) => input.dataset.scenario === focused)?.focus();
  };
  let before = "";
  const refresh = async () => {
    const [status, phases, now] = await Promise.all([api("GET", "standin/scenarios"), api("GET", "scenarios"), api("GET", "clock")]);
    if (signal.aborted) return;
    clock.show(now);
    // What has not changed stays: a control that has the focus too.
    const { scenarios, rules, seed } = status;
    const text = JSON.stringify([scenarios.map(({ name, phase }) => [name, phase]), rules, phases, seed]);
    if (text !== before) {
      before = text;
      running.replaceChildren(...runningCards(scenarios, rules, phases.scenarios, seed, change));
      states.replaceChildren(...stubStates(phases.scenarios.filter(({ mappings }) => mappings.length), change));
    }
    for (const { name, sinceStartSeconds } of scenarios) {
      const since = [...running.querySelectorAll("[data-since]")].find((element) => element.dataset.since === name);
      if (since) since.textContent = sinceStartSeconds === undefined || sinceStartSeconds === null ? "" : `for ${seconds(sinceStartSeconds)}`;
    }
  };
  const refreshAll = async () => {
    all = (await api("GET", "standin/scenarios/available")).scenarios;
    drawKnown();
    await refresh();
  };
  view.replaceChildren(el("div", { class: "page two" },
    el("div", { class: "stack" }, clock.element, running, states),
    card("Scenarios", el("div", { class: "toolbar flat" }, search, server), known)));
  attempt(refreshAll);
  poll(signal, 1000, refresh);
}

function runningCards(scenarios, rules, phases, seed, change) {
  if (!scenarios.length) {
    return [card("Running", el("p", { class: "soft" }, "No scenario is on in this world: nothing goes wrong. Switch one on."))];
  }
  const steer = (path) => () => change(() => api("POST", `standin/scenarios/${path}`));
  const hasPhases = phases.some(({ mappings, possibleStates }) => !mappings.length && possibleStates.length);
  const row = ({ name, phase }) => {
    const own = phases.find((one) => one.name === name && !one.mappings.length);
    const enter = (state) => () => change(() => api("PUT", `scenarios/${encodeURIComponent(name)}/state`, { state }));
    return el("li", {},
      el("p", { class: "head" }, el("b", { class: "text" }, oneLine(name, 120)), el("span", { class: "soft" }, phase ? `${visible(phase)} ` : "no phases", el("span", { "data-since": name }))),
      own?.possibleStates.length > 0 && el("div", { class: "chips", role: "group", "aria-label": `Phases of ${oneLine(name, 80)}` },
        own.possibleStates.map((state) => button(oneLine(state, 60), enter(state), { "aria-pressed": String(state === own.state), title: "Go to this phase" }))));
  };
  return [card("Running",
    el("div", { class: "actions" },
      hasPhases && button("Start", steer("start"), { title: "Timelines begin" }),
      hasPhases && button("Next phase", steer("step")),
      button("Reset counters", steer("reset"), { title: "Counters, draws, tokens and timelines begin anew" })),
    el("ul", { class: "plain", role: "list" }, scenarios.map(row)),
    el("h3", {}, "Rules"),
    rules.length ? table(["Rule", "#Matched", "#Acted"], rules.map(({ id, matched, acted }) => [code(id, 200), grouped(matched), grouped(acted)]), { "aria-label": "Rules" }) : el("p", { class: "soft" }, "They have no rules."),
    el("p", { class: "soft" }, `Seed ${seed}`))];
}

// The states of WireMock's scenarios, which are in stubs.
function stubStates(scenarios, change) {
  if (!scenarios.length) return [];
  const rows = scenarios.map(({ name, state: current, possibleStates }) => [
    oneLine(name, 120),
    el("select", {
      "aria-label": `State of ${oneLine(name, 80)}`,
      onchange: (event) => change(() => api("PUT", `scenarios/${encodeURIComponent(name)}/state`, { state: event.target.value })),
    }, possibleStates.map((state) => el("option", { value: state, selected: state === current }, oneLine(state, 80)))),
  ]);
  return [card("States of stubs",
    table(["Scenario", "State"], rows, { "aria-label": "Scenarios of stubs" }),
    el("div", { class: "actions" }, button("Reset all", () => change(() => api("POST", "scenarios/reset")))))];
}

function clockCard(changed) {
  const time = el("p", { class: "big", role: "timer" }, "…");
  const how = el("p", { class: "soft" });
  const act = async (work) => {
    const now = await attempt(work);
    if (now) show(now);
    await attempt(async () => changed());
  };
  const freeze = button("Pause", () => act(() => api("POST", freeze.isFrozen ? "clock/release" : "clock/freeze")), { id: "freeze", "aria-pressed": "false" });
  const by = el("input", { id: "advance-by", value: "30s", size: 6, "aria-label": "Advance by", spellcheck: "false" });
  const advance = (event) => {
    event.preventDefault();
    act(() => api("POST", "clock/advance", { by: by.value.trim() }));
  };
  const rate = el("select", { id: "rate", onchange: (event) => act(() => api("POST", "clock/rate", { rate: Number(event.target.value) })) },
    RATES.map((value) => el("option", { value }, `× ${value}`)));
  const reset = button("Reset the world", () => {
    if (confirm(`Bring the world "${state.world}" back to the fixtures? Objects, counters, tokens and the clock begin anew.`)) {
      act(async () => { await api("POST", "reset"); return api("GET", "clock"); });
    }
  }, { class: "danger", id: "reset-world" });
  function show({ now, elapsedSeconds, frozen, rate: current }) {
    time.textContent = `${now.slice(0, 19).replace("T", " ")} UTC`;
    how.textContent = `${seconds(elapsedSeconds)} since the world began${frozen ? ", paused" : ""}${current === 1 ? "" : `, at ${current} times the speed`}`;
    freeze.isFrozen = frozen;
    freeze.textContent = frozen ? "Resume" : "Pause";
    freeze.setAttribute("aria-pressed", String(frozen));
    if (![...rate.options].some((option) => Number(option.value) === current)) rate.append(el("option", { value: current }, `× ${current}`));
    if (document.activeElement !== rate) rate.value = String(current);
  }
  const element = card("Clock", time, how,
    el("div", { class: "actions" }, freeze,
      el("form", { class: "together", onsubmit: advance }, by, el("button", { type: "submit" }, "Advance")),
      el("label", { class: "field inline", for: "rate" }, el("span", {}, "Rate"), rate), reset));
  return { element, show };
}
