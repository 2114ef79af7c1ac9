// The objects of the Kubernetes side: kinds, lists as tables, one object; all of them live.

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
// How many objects the page shows of one kind, and how many it asks for at once.
const MOST_OBJECTS = 10_000;
const PAGE = 1000;

const chosen = { kind: undefined, namespace: "", form: "yaml" };

async function kinds() {
  const groups = await Promise.all(["api", "apis"].map((path) => api("GET", `objects/${path}`, undefined, { accept: DISCOVERY })));
  const found = [];
  for (const { metadata, versions } of groups.flatMap(({ items }) => items ?? [])) {
    const group = metadata?.name ?? "";
    // The first version that has a kind is the one that is preferred.
    const seen = new Set();
    for (const { version, resources } of versions) {
      for (const { resource, responseKind, scope, verbs } of resources ?? []) {
        if (seen.has(resource) || !verbs.includes("list")) continue;
        seen.add(resource);
        found.push({
          id: `${resource}.${group}`, group, version, resource, kind: responseKind.kind, isNamespaced: scope === "Namespaced",
          canWatch: verbs.includes("watch"), root: group ? `apis/${group}/${version}` : `api/${version}`,
        });
      }
    }
  }
  return found.sort((one, other) => (one.group === other.group ? one.kind.localeCompare(other.kind) : 0));
}

function objectsView(view, signal) {
  const filter = el("input", { id: "filter", type: "search", placeholder: "Filter kinds", "aria-label": "Filter of kinds", spellcheck: "false", oninput: () => drawKinds() });
  const list = el("ul", { class: "kinds", role: "list" });
  const namespace = el("select", { id: "namespace", onchange: (event) => { chosen.namespace = event.target.value; load(); } });
  const counts = el("span", { class: "soft", role: "status" });
  const none = el("div", { class: "over", hidden: true });
  const panel = el("aside", { class: "panel", "aria-label": "Object", hidden: true });
  const rows = new RowList({ label: "Objects", columns: [], key: (row) => row.key, open: (row) => { rows.follows = true; showObject(row); } });
  traffic.close = () => closePanel();
  let all = [];
  let loading = new AbortController();
  let shown;

  const drawKinds = () => {
    const text = filter.value.toLowerCase().trim();
    const fits = all.filter(({ kind, group, resource }) => `${kind} ${resource} ${group || "core"}`.toLowerCase().includes(text));
    const groups = Map.groupBy ? Map.groupBy(fits, ({ group }) => group) : new Map([["", fits]]);
    list.replaceChildren(...[...groups].map(([group, members]) => el("li", {},
      el("h3", {}, oneLine(group || "core", 100)),
      el("ul", { role: "list" }, members.map((kind) => el("li", {}, button(oneLine(kind.kind, 60), () => { chosen.kind = kind; drawKinds(); load(); }, { class: "kind", "aria-current": kind.id === chosen.kind?.id ? "true" : null, "data-kind": kind.id })))))));
    if (!fits.length) list.append(el("li", { class: "soft" }, "No kind fits."));
  };
  const closePanel = () => {
    panel.hidden = true;
    rows.follows = false;
    shown = undefined;
    rows.scroll.focus();
  };
  const pathOf = ({ root, resource, isNamespaced }, space, name) =>
    `objects/${root}/${isNamespaced && space ? `namespaces/${encodeURIComponent(space)}/` : ""}${resource}${name ? `/${encodeURIComponent(name)}` : ""}`;

  async function showObject(row) {
    shown = row.key;
    panel.hidden = false;
    const { name, namespace: space } = row.metadata;
    const accept = chosen.form === "yaml" ? "application/yaml" : "application/json";
    const head = el("div", { class: "panel-head" }, el("h2", {}, `${chosen.kind.kind} `, code(name, 200)), button("Close", closePanel, { class: "quiet", title: "Close (Esc)" }));
    const forms = el("div", { class: "chips", role: "group", "aria-label": "Form" }, ["yaml", "json"].map((form) =>
      button(form.toUpperCase(), () => { chosen.form = form; showObject(row); }, { "aria-pressed": String(form === chosen.form) })));
    try {
      const answer = await request("GET", pathOf(chosen.kind, space, name), { accept, signal: loading.signal });
      const text = await answer.text();
      if (shown === row.key) panel.replaceChildren(head, forms, textBlock(chosen.form === "json" ? pretty(text) : text, `${chosen.kind.kind} as ${chosen.form.toUpperCase()}`, "code"));
    } catch (error) {
      if (error instanceof Cancelled || shown !== row.key) return;
      panel.replaceChildren(head, error.status === 404 ? empty("It was deleted", "The list shows what is there now.") : empty("It cannot be shown", error.message));
    }
  }

  // Lists the kind, page by page, and then watches it.
  async function load() {
    loading.abort();
    loading = new AbortController();
    const here = loading.signal;
    const { kind } = chosen;
    panel.hidden = true;
    shown = undefined;
    rows.chosen = undefined;
    rows.setRows([]);
    none.hidden = true;
    if (!kind) return;
    namespace.disabled = !kind.isNamespaced;
    counts.textContent = "Loading…";
    const path = pathOf(kind, chosen.namespace);
    while (!here.aborted) {
      try {
        const objects = new Map();
        let [columns, token, revision] = [[], "", ""];
        do {
          const page = await api("GET", `${path}?limit=${PAGE}${token && `&continue=${encodeURIComponent(token)}`}`, undefined, { accept: TABLE, signal: here });
          if (page.columnDefinitions) columns = page.columnDefinitions;
          token = page.metadata.continue ?? "";
          revision = page.metadata.resourceVersion;
          for (const row of page.rows ?? []) put(objects, row);
        } while (token && objects.size < MOST_OBJECTS);
        setColumns(columns, kind);
        draw(objects, Boolean(token));
        if (!kind.canWatch) return;
        const answer = await request("GET", `${path}?watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(revision)}`, { accept: TABLE, signal: here });
        let waiting = false;
        await lines(answer, (line) => {
          if (!line || here.aborted) return;
          const { type, object } = JSON.parse(line);
          if (type === "ERROR") throw new Error("the watch has ended");
          for (const row of type === "BOOKMARK" ? [] : object.rows ?? []) {
            if (type === "DELETED") objects.delete(keyOf(row.object.metadata));
            else put(objects, row);
            if (shown === keyOf(row.object.metadata)) showObject({ key: shown, metadata: row.object.metadata });
          }
          if (!waiting) requestAnimationFrame(() => { waiting = false; if (!here.aborted) draw(objects, Boolean(token)); });
          waiting = true;
        });
      } catch (error) {
        if (here.aborted || error instanceof Cancelled) return;
        if (error.status) {
          counts.textContent = "";
          none.hidden = false;
          none.replaceChildren(empty("The list cannot be shown", error.message));
          return;
        }
      }
      await waitFor(1000, here);
    }
  }

  const keyOf = ({ namespace: space, name }) => `${space ?? ""}/${name}`;
  const put = (objects, { cells, object }) => objects.set(keyOf(object.metadata), { key: keyOf(object.metadata), cells, metadata: object.metadata });
  const setColumns = (definitions, { isNamespaced }) => {
    const usual = definitions.map((one, at) => [one, at]).filter(([{ priority }]) => !priority);
    rows.setColumns([
      ...(isNamespaced && !chosen.namespace ? [{ title: "Namespace", width: "minmax(6rem, 1fr)", of: ({ metadata }) => oneLine(metadata.namespace ?? "", 100) }] : []),
      ...usual.map(([{ name, type }, at]) => ({
        title: oneLine(name, 60), n: type === "integer", width: at === 0 ? "minmax(9rem, 2fr)" : "minmax(4.5rem, 1fr)",
        of: ({ cells, metadata }) => cellText(cells[at], type, name, metadata),
      })),
    ]);
  };
  const draw = (objects, isCut) => {
    const order = [...objects.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
    rows.setRows(order);
    counts.textContent = `${count(order.length, "object")}${isCut ? ", the first ones" : ""}`;
    none.hidden = order.length > 0;
    if (!none.hidden) none.replaceChildren(empty(`No ${chosen.kind.resource} here`, chosen.namespace ? `There are none in the namespace ${visible(chosen.namespace)}.` : "They appear here as soon as a client creates one."));
  };

  view.replaceChildren(el("div", { class: "toolbar" }, el("h2", { class: "hidden" }, "Objects"), filter,
    el("label", { class: "field inline", for: "namespace" }, el("span", {}, "Namespace"), namespace), el("span", { class: "spring" }), counts),
  el("div", { class: "split" }, el("nav", { class: "side", "aria-label": "Kinds" }, list), el("div", { class: "pane" }, rows.scroll, none), panel));
  signal.addEventListener("abort", () => { loading.abort(); rows.close(); });
  (async () => {
    try {
      all = await kinds();
      const spaces = await api("GET", "objects/api/v1/namespaces?limit=1000");
      const names = spaces.items.map(({ metadata }) => metadata.name);
      if (!names.includes(chosen.namespace)) chosen.namespace = "";
      namespace.replaceChildren(el("option", { value: "" }, "All namespaces"), ...names.map((name) => el("option", { value: name, selected: name === chosen.namespace }, oneLine(name, 64))));
      chosen.kind = all.find(({ id }) => id === chosen.kind?.id) ?? all.find(({ resource, group }) => resource === "pods" && !group) ?? all[0];
      drawKinds();
      load();
    } catch (error) {
      if (signal.aborted || error instanceof Cancelled) return;
      view.replaceChildren(el("div", { class: "page" }, empty("No Kubernetes API here", "The server stands in for stubs alone, or was started with --strict.", error.status === 404 ? "" : error.message)));
    }
  })();
}

// Ages come as times; others as they are.
function cellText(value, type, name, metadata) {
  if (value === null || value === undefined) return "";
  if (type === "date" || name === "Age") {
    const time = Date.parse(metadata.creationTimestamp ?? value);
    if (!Number.isNaN(time)) return el("span", { title: new Date(time).toISOString() }, oneLine(String(value), 40));
  }
  return oneLine(typeof value === "object" ? JSON.stringify(value) : String(value), 200);
}
