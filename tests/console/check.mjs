// Drives the console: check.mjs REPOSITORY SCREENSHOTS [--docs]
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admin, ask, endAll, serve, start } from "./server.mjs";
import { check, inspect, launch, open, problems } from "./page.mjs";
import { hostile, manyRows, traffic } from "./traffic.mjs";
import { drill, objects, recorder, scenarios, worlds } from "./views.mjs";

const [, , repository, shots, docs] = process.argv;
const UI = "/__admin/ui";

// A directory with one stub, which the requests of the tests miss by a little.
function stubs() {
  const root = mkdtempSync(join(tmpdir(), "console-"));
  mkdirSync(join(root, "mappings"));
  const mapping = {
    name: "an order of two books",
    request: { method: "POST", urlPath: "/orders", headers: { "content-type": { equalTo: "application/json" } }, bodyPatterns: [{ equalToJson: '{"item":"book","count":2}' }] },
    response: { status: 201, jsonBody: { id: 7 } },
  };
  writeFileSync(join(root, "mappings", "order.json"), JSON.stringify(mapping));
  return root;
}

const fixtures = ["--fixtures", join(repository, "fixtures"), "--fixtures", stubs()];
const steps = [];
async function step(name, work) {
  // Some of them alone: CONSOLE_STEPS=objects tests/console/run
  if (!new RegExp(process.env.CONSOLE_STEPS ?? "").test(name)) return;
  const before = problems.length;
  try {
    await work();
  } catch (error) {
    problems.push(`${name}: ${error.message.split("\n").slice(0, 12).join(" | ")}`);
  }
  steps.push(name);
  console.log(`${problems.length === before ? "ok    " : "FAILED"} ${name}`);
}

const backend = await serve("--fixtures", stubs());
await admin(backend, "POST", "mappings", { request: { urlPath: "/from-backend" }, response: { body: "of the backend" } });
const url = await serve(...fixtures, "--scenario", "brownout/phases", "--graded");
const browser = await launch();

await step("the page has a strict policy", async () => {
  const answer = await ask(url, "GET", UI);
  const policy = answer.headers["content-security-policy"];
  check(/^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/.test(policy) && /trusted-types 'none'/.test(policy), `the policy is ${policy}`);
  check(Buffer.byteLength(answer.text) <= 150_000, `the page has ${Buffer.byteLength(answer.text)} bytes`);
  const foreign = await ask(url, "GET", "/__admin/requests", { headers: { origin: "http://evil.example" } });
  check(foreign.status === 403, `a page of another origin is answered with ${foreign.status}`);
});

const page = await open(browser, url + UI, "the page", { expected: [400, 404, 409, 422] });
await step("with a keyboard, from the beginning", async () => {
  await page.keyboard.press("Tab");
  check((await page.evaluate(() => document.activeElement.className)) === "skip", "the first stop is not the link to the view");
  const stops = await page.evaluate(() => [...document.querySelectorAll("a, button, input, select, [tabindex='0']")].filter((one) => one.checkVisibility() && !one.disabled).length);
  const reached = new Set();
  for (let stop = 1; stop < stops; stop += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => [...document.querySelectorAll("*")].indexOf(document.activeElement)));
  }
  check(reached.size === stops - 1, `${reached.size + 1} of ${stops} controls are reached`);
});
await step("traffic, misses, stubs", () => traffic(page, url, shots));
await step("hostile payloads are text", () => hostile(page, url, shots));
await step("10,000 rows", async () => {
  const { nodes, rows } = await manyRows(page, url);
  console.log(`       ${rows} rows and ${nodes} elements in the document`);
});
await step("worlds", () => worlds(page, url, shots));
await step("objects", () => objects(page, url, shots));
await step("recorder", () => recorder(page, url, backend, shots));
await step("drill", () => drill(page, url, shots));
await step("scenarios and the clock", () => scenarios(page, url, shots));
await page.context().close();

await step("the colours: of the system, and chosen", async () => {
  for (const [colorScheme, back] of [["light", "rgb(245, 246, 248)"], ["dark", "rgb(16, 20, 25)"]]) {
    const one = await open(browser, url + UI, colorScheme, { colorScheme });
    const background = () => one.evaluate(() => getComputedStyle(document.body).backgroundColor);
    check((await background()) === back, `${colorScheme}: the page is ${await background()}`);
    await one.keyboard.press("t");
    check((await background()) === "rgb(245, 246, 248)", "light is not chosen");
    await one.getByRole("button", { name: "Colours: Light" }).click();
    check((await background()) === "rgb(16, 20, 25)", "dark is not chosen");
    await one.reload();
    check((await background()) === "rgb(16, 20, 25)", "the choice is forgotten");
    await one.context().close();
  }
});

await step("every view, light and dark, wide and narrow", async () => {
  // Something to be seen.
  await ask(url, "POST", "/orders", { headers: { "content-type": "application/json", "x-request-id": "a81bc81b" }, body: '{"item":"book","count":4}' });
  await admin(url, "POST", "mappings", { name: "health", request: { url: "/health" }, response: { body: "ok" } });
  await admin(url, "PUT", "scenarios", { scenarios: ["throttling/burst", "brownout/phases", "network/reset-before-headers"] });
  for (let turn = 0; turn < 14; turn += 1) {
    await ask(url, ["GET", "GET", "POST"][turn % 3], `/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs${turn % 2 ? "/tfjob-test" : "?limit=5"}`).catch(() => undefined);
    await ask(url, "GET", ["/health", "/orders/17?expand=items&fields=id,price", "/api/v1/namespaces", "/version"][turn % 4]);
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 400]) {
      const where = `${colorScheme}, ${width} px`;
      const one = await open(browser, url + UI, where, { colorScheme, width, height: width > 400 ? 800 : 780, expected: [404] });
      for (const [number, view] of ["traffic", "scenarios", "worlds", "objects", "recorder", "drill"].entries()) {
        await one.keyboard.press(String(number + 1));
        await one.waitForLoadState("networkidle", { timeout: 500 }).catch(() => undefined);
        if (view === "traffic") {
          await one.locator("[role=grid] .rows .row", { hasText: /POST.*\/orders/ }).first().waitFor();
          await one.screenshot({ path: `${shots}/${view}-list-${colorScheme}-${width}.png` });
          await one.locator("[role=grid] .rows .row", { hasText: /POST.*\/orders/ }).first().click();
          await one.locator(".panel .parts").first().waitFor();
        }
        if (view === "objects") {
          await one.locator("[data-kind='tfjobs.kubeflow.org']").click();
          await one.locator("[role=grid] .rows .row").first().click();
          await one.locator(".panel pre").waitFor();
        }
        if (view === "scenarios") await one.locator(".switches li").first().waitFor();
        if (view === "drill") await one.locator(".lanes").waitFor();
        await inspect(one, `${view}, ${where}`);
        await one.screenshot({ path: `${shots}/${view}-${colorScheme}-${width}.png` });
        if (view === "traffic" || view === "objects") await one.keyboard.press("Escape");
      }
      await one.context().close();
    }
  }
});

await step("under the prefix of a world", async () => {
  const one = await open(browser, `${url}/worlds/green${UI}`, "a world's prefix");
  await one.getByText("No requests yet").waitFor();
  check((await one.inputValue("#world")) === "green", "the world of the prefix is not chosen");
  await ask(url, "GET", "/in-green", { headers: { "x-standin-world": "green" } });
  await ask(url, "GET", "/in-default");
  await one.getByText("/in-green").first().waitFor();
  check((await one.getByText("/in-default").count()) === 0, "the world of the prefix shows another one");
  await one.locator("#world").selectOption("default");
  await one.getByText("/in-default").first().waitFor();
  await one.context().close();
});

await step("a server without a Kubernetes API or grading", async () => {
  const bare = await serve("--fixtures", stubs(), "--strict");
  const one = await open(browser, bare + UI, "stubs alone", { expected: [404, 409] });
  await one.keyboard.press("4");
  await one.getByText("No Kubernetes API here").waitFor();
  await inspect(one, "no objects");
  await one.keyboard.press("6");
  await one.getByText("Requests are not graded").waitFor();
  await inspect(one, "no grading");
  await one.context().close();
});

// Where the admin API asks for credentials, the page does too, once.
async function asksOnce(guarded, name, right) {
  const one = await open(browser, guarded + UI, name, { expected: [401] });
  await one.locator("#login").waitFor();
  await inspect(one, name);
  await one.screenshot({ path: `${shots}/login.png` });
  await one.fill("#token", "wrong");
  await one.keyboard.press("Enter");
  await one.getByText("The server does not accept it").waitFor();
  await one.fill("#token", right);
  await one.keyboard.press("Enter");
  await one.getByText("No requests yet").waitFor();
  await ask(guarded, "GET", "/seen-with-a-token");
  await one.getByText("/seen-with-a-token").first().waitFor();
  await one.reload();
  await one.getByText("/seen-with-a-token").first().waitFor();
  check(!(await one.locator("#login").isVisible()), `${name}: it is asked for again`);
  check(!(await one.evaluate(() => document.documentElement.outerHTML + JSON.stringify(localStorage))).includes(right), `${name}: it is on the page`);
  await one.context().close();
}

await step("a token is asked for once", async () => {
  await asksOnce(await serve(...fixtures, "--admin-token", "s3cret-token-4711"), "a token", "s3cret-token-4711");
});

await step("a user and a password are asked for once", async () => {
  const options = ["--port", "0", "--bind-address", "127.0.0.1", "--root-dir", stubs(), "--admin-api-basic-auth", "user:s3cret-4711"];
  await asksOnce(await start("wiremock", ...options), "a user and a password", "user:s3cret-4711");
});

await browser.close();
endAll();
if (docs === "--docs") {
  for (const [shot, name] of [["traffic-light-1280", "traffic"], ["scenarios-light-1280", "scenarios"], ["objects-dark-1280", "objects-dark"], ["drill-light-1280", "drill"]]) {
    copyFileSync(join(shots, `${shot}.png`), join(repository, "docs", `console-${name}.png`));
  }
}
for (const problem of problems) console.log(`FAILED ${problem}`);
console.log(problems.length ? `${problems.length} problems` : `${steps.length} steps: the console is as it should be`);
process.exit(problems.length ? 1 : 0);
