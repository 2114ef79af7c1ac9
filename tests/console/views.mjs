// The other views: each control does what it says.
import { admin, ask } from "./server.mjs";
import { check, go, inspect } from "./page.mjs";

const TFJOBS = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

async function until(work, what) {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await work()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  check(false, what);
}

export async function scenarios(page, url, shots) {
  await go(page, "Scenarios");
  const running = page.getByRole("region", { name: "Running" });
  await running.getByText("phases/brownout/failing").waitFor();
  await running.getByRole("button", { name: "recovered" }).click();
  const own = async () => (await admin(url, "GET", "standin/scenarios")).json().scenarios;
  await until(async () => (await own())[0].phase?.startsWith("recovered"), "a phase is not entered");
  await running.locator("button[aria-pressed=true]", { hasText: "recovered" }).waitFor();
  await running.getByRole("button", { name: "Reset counters" }).click();
  await until(async () => !(await own())[0].phase?.startsWith("recovered"), "the counters are not reset");
  await running.getByRole("button", { name: "Start" }).click();
  await running.getByRole("button", { name: "Next phase" }).click();
  await until(async () => (await own())[0].phase?.startsWith("brownout"), "the next phase is not entered");

  // On and off.
  await page.fill("#filter", "throttling/burst");
  const burst = page.getByRole("switch", { name: "throttling/burst" });
  await burst.focus();
  await page.keyboard.press("Space");
  await running.getByText("burst/full").waitFor();
  check((await own()).length === 2, "a scenario is not switched on");
  check((await ask(url, "GET", TFJOBS)).status === 429, "the scenario that was switched on does nothing");
  await page.fill("#filter", "");
  await inspect(page, "scenarios");
  await page.screenshot({ path: `${shots}/scenarios.png` });
  await burst.setChecked(false, { force: true });
  await until(async () => (await own()).length === 1, "a scenario is not switched off");
  await page.getByRole("button", { name: "Restore the server's" }).click();
  await until(async () => (await admin(url, "GET", "standin/scenarios/available")).json().ofServer, "the scenarios of the server are not back");

  // The clock.
  const clock = async () => (await admin(url, "GET", "clock")).json();
  await page.locator("#freeze").click();
  await until(async () => (await clock()).frozen, "the clock is not paused");
  const before = (await clock()).elapsedSeconds;
  await page.fill("#advance-by", "90s");
  await page.getByRole("button", { name: "Advance" }).click();
  await until(async () => Math.round((await clock()).elapsedSeconds - before) === 90, "the clock is not moved on");
  await page.fill("#advance-by", "soon");
  await page.getByRole("button", { name: "Advance" }).click();
  await page.getByText(/400: the body must be/).waitFor();
  await page.locator("#freeze").click();
  await page.locator("#rate").selectOption("60");
  await until(async () => { const { rate, frozen } = await clock(); return rate === 60 && !frozen; }, "the rate is not set");
  await page.getByText("at 60 times the speed").waitFor();
  await page.locator("#reset-world").click();
  await until(async () => (await clock()).rate === 1, "the world is not reset");
}

export async function worlds(page, url, shots) {
  await go(page, "Worlds");
  await page.fill("#new-world", "blue");
  await page.getByRole("button", { name: "Make a world" }).click();
  await page.getByRole("button", { name: "Choose blue" }).click();
  check((await page.inputValue("#world")) === "blue", "the world is not chosen");
  await go(page, "Traffic");
  await ask(url, "GET", "/worlds/blue/of-blue");
  await ask(url, "GET", "/of-default");
  await page.getByText("/of-blue").first().waitFor();
  check((await page.getByText("/of-default").count()) === 0, "a world shows the requests of another one");
  await go(page, "Worlds");
  await page.getByRole("button", { name: "Reset blue" }).click();
  await page.getByText("World blue was reset to the fixtures").waitFor();
  await inspect(page, "worlds");
  await page.screenshot({ path: `${shots}/worlds.png` });
  await page.getByRole("button", { name: "Delete blue" }).click();
  await page.getByRole("button", { name: "Delete blue" }).waitFor({ state: "detached" });
  check((await admin(url, "GET", "worlds/blue")).status === 404, "the world is not deleted, or was made again");
  check((await page.inputValue("#world")) === "default", "the default world is not chosen again");
  await page.locator("#world").selectOption("default");
}

export async function objects(page, url, shots) {
  const requests = async () => (await admin(url, "GET", "requests")).json().meta.total;
  const before = await requests();
  await go(page, "Objects");
  await page.locator("[data-kind='tfjobs.kubeflow.org']").click();
  const grid = page.locator("[role=grid][aria-label=Objects]");
  const job = grid.locator(".rows .row", { hasText: "tfjob-test" });
  await job.waitFor();
  await job.click();
  const panel = page.locator(".panel");
  await panel.getByText("kind: TFJob").waitFor();
  await inspect(page, "objects");
  await page.screenshot({ path: `${shots}/objects.png` });
  await panel.getByRole("button", { name: "JSON" }).click();
  await panel.getByText('"kind": "TFJob"').waitFor();
  check((await requests()) === before, "looking at objects is in the journal");
  // Live: made, changed, deleted by a client.
  const headers = { "content-type": "application/json" };
  const made = await ask(url, "POST", "/api/v1/namespaces/kube-test/configmaps", { headers, body: JSON.stringify({ metadata: { name: "live-one" }, data: { note: "<b>first</b>" } }) });
  check(made.status === 201, `the object is not made: ${made.status} ${made.text}`);
  await page.fill("#filter", "configmap");
  await page.locator("[data-kind='configmaps.']").click();
  const live = (name) => grid.locator(".rows .row", { hasText: name });
  await live("live-one").click();
  await panel.getByText("<b>first</b>").waitFor();
  await ask(url, "PATCH", "/api/v1/namespaces/kube-test/configmaps/live-one", { headers: { "content-type": "application/merge-patch+json" }, body: '{"data":{"note":"second"}}' });
  await panel.getByText(/note"?: "?second/).waitFor();
  await ask(url, "POST", "/api/v1/namespaces/kube-test/configmaps", { headers, body: JSON.stringify({ metadata: { name: "live-two" } }) });
  await live("live-two").waitFor();
  await ask(url, "DELETE", "/api/v1/namespaces/kube-test/configmaps/live-one");
  await live("live-one").waitFor({ state: "detached" });
  await panel.getByText("It was deleted").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#namespace").selectOption("default");
  await live("live-two").waitFor({ state: "detached" });
  await page.locator("#namespace").selectOption("kube-test");
  await live("live-two").waitFor();
  await page.locator("#namespace").selectOption("");
  await ask(url, "DELETE", "/api/v1/namespaces/kube-test/configmaps/live-two");
  await page.fill("#filter", "");
}

export async function recorder(page, url, backend, shots) {
  await go(page, "Recorder");
  await page.getByText("Not recording").waitFor();
  await page.fill("#target", backend);
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("Recording", { exact: true }).last().waitFor();
  await until(async () => (await admin(url, "GET", "recordings/status")).json().status === "Recording", "it does not record");
  check((await ask(url, "GET", "/from-backend")).text === "of the backend", "the backend is not asked");
  await page.getByRole("button", { name: "Make stubs of the journal" }).click();
  await page.getByRole("region", { name: "1 stub made" }).getByText("/from-backend").first().waitFor();
  await ask(url, "GET", "/from-backend?page=2");
  await inspect(page, "recorder");
  await page.screenshot({ path: `${shots}/recorder.png` });
  await page.locator("#record-stop").click();
  await page.getByText("Stopped").waitFor();
  check((await ask(url, "GET", "/from-backend")).text === "of the backend", "the recording does not answer");
}

export async function drill(page, url, shots) {
  // Requests of two calls, one of them refused and tried again, in a log that has nothing else.
  await admin(url, "POST", "reset");
  await admin(url, "PUT", "scenarios", { scenarios: ["throttling/burst"] });
  for (let turn = 0; turn < 7; turn += 1) await ask(url, "GET", TFJOBS);
  await ask(url, "GET", `${TFJOBS}/tfjob-test`);
  await go(page, "Drill");
  await page.getByText("retry_after: honoured").first().waitFor();
  await page.locator(".track .m-client").first().waitFor({ state: "attached" });
  check((await page.locator(".lanes .call").count()) >= 2, "the timeline has too few lanes");
  check((await page.locator(".track rect.wait").count()) >= 1, "the timeline shows no waits");
  await inspect(page, "drill");
  await page.screenshot({ path: `${shots}/drill.png` });
  await page.getByText(/requests as a table/).click();
  await page.getByRole("columnheader", { name: "What came of it" }).waitFor();
  await admin(url, "DELETE", "scenarios");
}
