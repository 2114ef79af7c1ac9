// Requests to the server that the page came from: the admin API, as one world sees it.

class Cancelled extends Error {}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const place = (() => {
  const { mount, world } = document.documentElement.dataset;
  const path = location.pathname;
  const below = path.slice(0, Math.max(0, path.lastIndexOf("/__admin/ui")));
  // A world's prefix is taken away: a header field names the world, so that another one can be chosen.
  return { root: mount && below.endsWith(mount) ? below.slice(0, -mount.length) : below, world };
})();

const state = { world: place.world };

const session = {
  get authorization() {
    try {
      return sessionStorage.getItem("standin-authorization");
    } catch {
      return session.kept;
    }
  },
  set authorization(value) {
    session.kept = value;
    try {
      sessionStorage.setItem("standin-authorization", value);
    } catch {
      // Without a storage it is kept as long as the page.
    }
  },
};

function headers(more) {
  const all = { "X-Standin-World": state.world, ...more };
  if (session.authorization) all.Authorization = session.authorization;
  return all;
}

function send(method, path, options = {}) {
  const { body, accept, world, signal, authorization } = options;
  const fields = headers({ Accept: accept ?? "application/json" });
  if (world) fields["X-Standin-World"] = world;
  if (authorization) fields.Authorization = authorization;
  if (body !== undefined) fields["Content-Type"] = typeof body === "string" ? "text/plain" : "application/json";
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${place.root}/__admin/${path}`, { method, headers: fields, body: text, signal, cache: "no-store", credentials: "omit", redirect: "error" });
}

// An answer that is not an error. Where credentials are missing, they are asked for.
async function request(method, path, options = {}) {
  let answer;
  try {
    answer = await send(method, path, options);
  } catch (error) {
    if (options.signal?.aborted) throw new Cancelled();
    throw new Error(`The server does not answer (${error.message}).`);
  }
  if (answer.status === 401) {
    await login();
    return request(method, path, options);
  }
  if (answer.ok) return answer;
  throw new Refused(answer.status, explain(answer.status, await answer.text()));
}

function explain(status, text) {
  try {
    const { errors, message } = JSON.parse(text);
    const lines = errors?.map(({ title, detail }) => (detail ? `${title}: ${detail}` : title)) ?? [message];
    if (lines.some(Boolean)) return `${status}: ${lines.join("\n")}`;
  } catch {
    // It is no JSON: shown as it is.
  }
  return `${status}: ${cut(text.trim(), 500) || "without a reason"}`;
}

async function api(method, path, body, options) {
  const answer = await request(method, path, { body, ...options });
  const text = await answer.text();
  return text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
}

let asking;
// Asks for the token, once for all requests that wait for it.
function login() {
  asking ??= askForToken().finally(() => { asking = undefined; });
  return asking;
}

function askForToken() {
  const dialog = byId("login");
  const wrong = el("p", { class: "wrong", role: "alert" });
  const field = el("input", { type: "password", id: "token", autocomplete: "off", required: true, spellcheck: "false" });
  return new Promise((resolve, reject) => {
    const check = async (event) => {
      event.preventDefault();
      wrong.textContent = "";
      const text = field.value.trim();
      const candidates = [`Bearer ${text}`];
      if (text.includes(":")) candidates.push(`Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`);
      for (const authorization of candidates) {
        const answer = await send("GET", "version", { authorization }).catch(() => undefined);
        if (!answer?.ok) continue;
        session.authorization = authorization;
        dialog.close("done");
        return;
      }
      wrong.textContent = "The server does not accept it.";
      field.select();
    };
    dialog.replaceChildren(
      el("form", { onsubmit: check },
        el("h2", { id: "login-title" }, "The admin API needs a token"),
        el("p", {}, "Enter the value of --admin-token, or user:password where the server asks for a user. This tab keeps it until it is closed."),
        el("label", { class: "field", for: "token" }, "Token"), field, wrong,
        el("div", { class: "actions" }, el("button", { type: "submit", class: "main" }, "Continue"), button("Cancel", () => dialog.close("")))));
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "done") resolve();
      else reject(new Refused(401, "The admin API needs a token; reload the page to enter it."));
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
    field.focus();
  });
}

// Lines of a stream that lasts: watches, and server-sent events. A line has a bound.
async function lines(answer, take) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const end = rest.lastIndexOf("\n");
    if (end >= 0) {
      for (const line of rest.slice(0, end).split("\n")) take(line);
      rest = rest.slice(end + 1);
    } else if (rest.length > 16 << 20) {
      throw new Error("a line of the stream is too long");
    }
  }
}

// Server-sent events, over fetch: an EventSource cannot send a token.
function events(answer, take) {
  let event = { name: "message", data: "", id: undefined };
  return lines(answer, (line) => {
    if (line === "") {
      if (event.data) take(event);
      event = { name: "message", data: "", id: event.id };
      return;
    }
    const colon = line.indexOf(":");
    const [field, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data += (event.data && "\n") + value;
  });
}

const waitFor = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });

// Asks again and again while a view is open and seen.
async function poll(signal, milliseconds, work) {
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        await work();
      } catch (error) {
        if (signal.aborted || error instanceof Cancelled) return;
        if (error.status === 401) return notify(error.message, true);
        notify(error.message, true);
        await waitFor(milliseconds * 3, signal);
      }
    }
    await waitFor(milliseconds, signal);
  }
}
