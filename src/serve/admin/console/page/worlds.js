// Worlds: made, chosen, reset, deleted.

// Asked in the default world: looking at a world that is gone would make it again.
const asDefault = { world: "default" };

async function listWorlds() {
  const { worlds, meta } = await api("GET", "worlds", undefined, asDefault);
  const select = byId("world");
  const names = worlds.map(({ name }) => name);
  if (!names.includes(state.world)) chooseWorld("default");
  if ([...select.options].map(({ value }) => value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map((name) => el("option", { value: name }, oneLine(name, 64))));
  }
  select.value = state.world;
  if (state.hasWorlds !== names.length > 1) {
    state.hasWorlds = names.length > 1;
    traffic.arrange?.();
  }
  return { worlds, meta };
}

function worldsView(view, signal) {
  const name = el("input", { id: "new-world", required: true, pattern: "[A-Za-z0-9._\\-]+", maxlength: 63, spellcheck: "false", autocomplete: "off", "aria-label": "Name of the new world", placeholder: "Name" });
  const rows = el("div", {});
  const note = el("p", { class: "soft" });
  let before = "";
  const refresh = async () => {
    const { worlds, meta } = await listWorlds();
    if (signal.aborted) return;
    note.textContent = `${count(worlds.length - 1, "world")} besides the default one, of at most ${grouped(meta.limit)}${meta.dropped ? `; ${grouped(meta.dropped)} made room for others` : ""}.`;
    const shown = worlds.map(({ elapsedSeconds, ...rest }) => rest);
    const text = JSON.stringify([shown, state.world]);
    if (text === before) return;
    before = text;
    const active = document.activeElement?.dataset?.act;
    rows.replaceChildren(table(["World", "#Objects", "#Requests", "#Revision", "Actions"], worlds.map(row), { "aria-label": "All worlds" }));
    if (active) [...rows.querySelectorAll("[data-act]")].find(({ dataset }) => dataset.act === active)?.focus();
  };
  const act = async (work, done) => {
    await attempt(work, done);
    await attempt(refresh);
  };
  const row = (world) => {
    const path = `worlds/${encodeURIComponent(world.name)}`;
    const isChosen = world.name === state.world;
    const control = (title, run, properties) => button(title, run, { "data-act": `${title} ${world.name}`, "aria-label": `${title} ${oneLine(world.name, 64)}`, ...properties });
    return [
      el("span", { class: "text" }, oneLine(world.name, 64), isChosen && el("span", { class: "soft" }, " (chosen)")),
      grouped(world.objects), grouped(world.requests), code(world.resourceVersion, 40),
      el("span", { class: "together" },
        control("Choose", () => { chooseWorld(world.name); refresh(); }, { disabled: isChosen }),
        control("Reset", () => act(() => api("POST", `${path}/reset`, undefined, asDefault), `World ${world.name} was reset to the fixtures.`)),
        world.name !== "default" && control("Delete", () => act(() => {
          if (isChosen) chooseWorld("default");
          return api("DELETE", path, undefined, asDefault);
        }), { class: "danger" })),
    ];
  };
  const make = (event) => {
    event.preventDefault();
    act(async () => {
      await api("PUT", `worlds/${encodeURIComponent(name.value)}`, undefined, asDefault);
      name.value = "";
    });
  };
  view.replaceChildren(el("div", { class: "page" }, card("Worlds",
    el("p", {}, "A world has its own objects, counters, clock and scenarios. A client chooses one by its URL or by the header field X-Standin-World."),
    el("form", { class: "together", onsubmit: make }, name, el("button", { type: "submit", class: "main" }, "Make a world")),
    rows, note)));
  poll(signal, 2000, refresh);
}
