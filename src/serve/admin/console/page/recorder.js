// Recording: requests passed on to another server, whose answers become stubs; and the recorder of --upstream.

function recorderView(view, signal) {
  const status = el("p", { class: "big", role: "status" }, "…");
  const target = el("input", { id: "target", type: "url", required: true, placeholder: "URL of the server", "aria-label": "URL of the server to record", spellcheck: "false" });
  const results = el("div", {});
  const upstream = el("div", {});
  let before = "";
  const act = async (work) => {
    const made = await attempt(work);
    if (made?.mappings) showMade(made.mappings);
    await attempt(refresh);
  };
  const start = el("button", { type: "submit", class: "main" }, "Start");
  const stop = button("Stop and make stubs", () => act(() => api("POST", "recordings/stop")), { id: "record-stop" });
  const snapshot = button("Make stubs of the journal", () => act(() => api("POST", "recordings/snapshot", {})), { id: "snapshot", title: "Of what backends answered so far" });
  const showMade = (mappings) => results.replaceChildren(card(`${count(mappings.length, "stub")} made`, mappings.length
    ? table(["Request", "#Status", "Name"], mappings.map(({ request: asked, response, name }) => [
      el("span", {}, el("b", {}, oneLine(asked.method ?? "ANY", 20)), " ", code(asked.url ?? asked.urlPath ?? asked.urlPattern ?? asked.urlPathPattern ?? "", 200)), response.status, oneLine(name ?? "", 120)]), { "aria-label": "Stubs made" })
    : el("p", { class: "soft" }, "No exchange with a backend was new. Stubs are made of what other servers answered, not of what this one did.")));
  const refresh = async () => {
    const [{ status: how }, progress] = await Promise.all([api("GET", "recordings/status"), api("GET", "standin/recording")]);
    if (signal.aborted) return;
    const words = { NeverStarted: "Not recording", Recording: "Recording", Stopped: "Stopped" };
    if (status.textContent !== words[how]) status.textContent = words[how];
    start.disabled = how === "Recording";
    stop.disabled = how !== "Recording";
    const text = JSON.stringify(progress);
    if (text === before) return;
    before = text;
    const { recording, ...counts } = progress;
    const named = { directory: "Directory", exchanges: "Exchanges", bytes: "Bytes", skipped: "Skipped by the rules", lost: "Lost", mappings: "Mappings", requestsWithSeveralAnswers: "Requests with several answers" };
    const secrets = Object.entries(counts.secrets ?? {}).map(([kind, many]) => `${kind}: ${grouped(many)}`).join(", ");
    upstream.replaceChildren(card("Recorder of --upstream", recording
      ? facts([...Object.entries(named).map(([key, title]) => [title, typeof counts[key] === "number" ? grouped(counts[key]) : counts[key]]), ["Secrets replaced", secrets]])
      : el("p", { class: "soft" }, "The server was started without --upstream URL --record DIR.")));
  };
  view.replaceChildren(el("div", { class: "page" },
    card("Record another server", status,
      el("p", {}, "While a recording runs, requests that no stub answers go to the other server. When it stops, the answers become stubs of this server, without secrets."),
      el("form", { class: "together", onsubmit: (event) => { event.preventDefault(); act(() => api("POST", "recordings/start", { targetBaseUrl: target.value })); } }, target, start),
      el("div", { class: "actions" }, stop, snapshot)),
    results, upstream));
  poll(signal, 1500, refresh);
}
