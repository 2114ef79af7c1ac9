// A stub mapping made of an exchange, or changed: edited as JSON, then given to the admin API.

// What a client sends with each request, whatever it wants.
const UNINTERESTING = ["authorization", "cookie", "host", "content-length", "user-agent", "accept-encoding", "connection", "date", "server", "transfer-encoding", "matched-stub-id"];

// A mapping for requests like this one. What nothing answered gets an answer to fill in.
function draft({ request: asked, response, wasMatched }) {
  const [path] = asked.url.split("?");
  const pattern = { method: asked.method };
  const parameters = Object.values(asked.queryParams ?? {});
  if (parameters.length) {
    pattern.urlPath = path;
    pattern.queryParameters = Object.fromEntries(parameters.map(({ key, values }) => [key, values.length === 1 ? { equalTo: values[0] } : { hasExactly: values.map((value) => ({ equalTo: value })) }]));
  } else {
    pattern.url = asked.url;
  }
  if (asked.body) {
    let isJson = true;
    try {
      JSON.parse(asked.body);
    } catch {
      isJson = false;
    }
    pattern.bodyPatterns = [isJson ? { equalToJson: asked.body } : { equalTo: asked.body }];
  }
  const answer = { status: wasMatched ? response.status : 200 };
  const kept = Object.entries(wasMatched ? response.headers ?? {} : {}).filter(([name]) => !UNINTERESTING.includes(name.toLowerCase()) && !name.toLowerCase().startsWith("x-standin"));
  answer.headers = kept.length ? Object.fromEntries(kept) : { "Content-Type": "application/json" };
  if (!wasMatched) answer.jsonBody = {};
  else if (response.body.includes("\ufffd")) answer.base64Body = response.bodyAsBase64;
  else answer.body = response.body;
  return { name: cut(`${asked.method} ${path}`, 120), request: pattern, response: answer };
}

function editStub(mapping, id) {
  const dialog = byId("editor");
  const wrong = el("p", { class: "wrong", role: "alert" });
  const text = el("textarea", { id: "mapping", rows: 18, spellcheck: "false", value: JSON.stringify(mapping, null, 2) });
  const persistent = el("input", { type: "checkbox", id: "persistent", checked: Boolean(mapping.persistent) });
  const save = async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    let value;
    try {
      value = JSON.parse(text.value);
    } catch (error) {
      wrong.textContent = `This is not JSON: ${visible(error.message)}`;
      return text.focus();
    }
    if (persistent.checked) value.persistent = true;
    try {
      const made = await api(id ? "PUT" : "POST", id ? `mappings/${id}` : "mappings", value);
      dialog.close();
      notify(id ? `Stub ${made.id} was changed.` : `Stub ${made.id} was created.`);
    } catch (error) {
      wrong.textContent = visible(error.message);
      text.focus();
    }
  };
  dialog.replaceChildren(
    el("form", { onsubmit: save },
      el("h2", { id: "editor-title" }, id ? "Change a stub" : "Make a stub"),
      el("p", { class: "soft" }, "Secrets of the exchange are pseudonyms here: write the true values or patterns in their place."),
      el("label", { class: "field", for: "mapping" }, "Stub mapping, as JSON"), text, wrong,
      el("label", { class: "check", for: "persistent" }, persistent, " Write it to the root directory (persistent)"),
      el("div", { class: "actions" }, el("button", { type: "submit", class: "main" }, id ? "Change the stub" : "Make the stub"), button("Cancel", () => dialog.close()))));
  dialog.showModal();
  text.focus();
  text.setSelectionRange(0, 0);
}
