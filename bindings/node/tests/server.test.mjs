// The server and its worlds, without the helpers for frameworks.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { findBinary, Server, StandinError, VerdictError } from "standin";
import client from "./client.cjs";

const { JOB, LIST, send, status } = client;
// One refusal, after which a client has to wait for a second.
const REFUSED_ONCE = {
  rules: [
    {
      id: "refused",
      match: { verb: "list" },
      steps: [{ times: 1, then: { status: 429, retry_after: "1s" } }],
      expect: { retry_after: "honoured", recovers: "required" },
    },
  ],
};

let server;
let folder;
before(async () => {
  server = await Server.start();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "standin-tests-"));
});
after(async () => {
  await server.stop();
  fs.rmSync(folder, { recursive: true });
});

/** A file in a folder of its own. */
function written(name, text, mode = 0o644) {
  const file = path.join(fs.mkdtempSync(path.join(folder, "files-")), name);
  fs.writeFileSync(file, text, { mode });
  return file;
}

const names = async (world) => JSON.parse((await send(world.url + LIST)).text).items.map((item) => item.metadata.name);

test("worlds do not see each other", async () => {
  const [one, two] = await Promise.all([server.world({ name: "same" }), server.world({ name: "same" })]);
  assert.equal(await status(one.url + LIST, JOB), 201);
  assert.deepEqual(await names(one), ["mine"]);
  assert.deepEqual(await names(two), []);
  assert.deepEqual((await one.requests()).map((event) => event.request.method), ["POST", "GET"]);
  assert.equal((await two.requests()).length, 1);
});

test("a deleted world is gone", async () => {
  const world = await server.world({ name: "gone" });
  await world.delete();
  await assert.rejects(world.delete(), StandinError);
  assert.equal(fs.existsSync(world.kubeconfig), false);
});

test("the admin API needs the token of the server", async () => {
  const worlds = `${server.adminUrl}/__admin/worlds`;
  assert.equal(await status(worlds), 401);
  assert.equal(await status(`${server.adminUrl}/__admin/health`), 200);
  const headers = { Authorization: `Bearer ${server.adminToken}` };
  assert.equal((await send(worlds, undefined, { headers })).status, 200);
});

/** What a function does while variables of the environment have other values. */
async function within(variables, act) {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await act();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

test("the environment names the token", async () => {
  await within({ STANDIN_ADMIN_TOKEN: "of-the-environment", STANDIN_ADMIN_TOKEN_FILE: "/nowhere" }, async () => {
    const named = await Server.start();
    assert.equal(named.adminToken, "of-the-environment");
    assert.match(await (await named.world({ scenario: REFUSED_ONCE })).report(), /NOT MET/);
    await named.stop();
  });
});

test("what a world tells its client is no option of another server", async () => {
  const world = await server.world({ name: "outer" });
  await within({ ...world.env, STANDIN_SCENARIO: "network/refused" }, async () => {
    const other = await Server.start();
    assert.equal(await status(other.url + LIST), 200);
    await other.stop();
  });
});

test("a client that waits passes", async () => {
  const world = await server.world({ scenario: REFUSED_ONCE, seed: 7 });
  await world.freeze();
  assert.equal(await status(world.url + LIST), 429);
  await world.advance(1.5);
  assert.equal(await status(world.url + LIST), 200);
  assert.equal((await world.verdict()).passed, true);
  await world.assertPassed();
});

test("a client that does not wait fails with the report of the drill", async () => {
  const world = await server.world({ name: "hasty", scenario: REFUSED_ONCE });
  // However slow this machine is, no time passes for the client.
  await world.freeze();
  assert.equal(await status(world.url + LIST), 429);
  assert.equal(await status(world.url + LIST), 200);
  await assert.rejects(world.assertPassed(), (error) => {
    assert.ok(error instanceof VerdictError);
    assert.match(error.message, /the verdict of standin is FAILED\n.*\n.*\(world hasty-\d+\)[^]*ignored Retry-After/);
    return true;
  });
});

test("a client that never came is not met", async () => {
  const world = await server.world({ scenario: "throttling/burst" });
  await assert.rejects(world.assertPassed(), /NOT MET[^]*no request matched/);
  await world.assertPassed({ allowNotMet: true });
});

test("reset brings the fixtures back", async () => {
  const world = await server.world();
  assert.equal(await status(world.url + LIST, JOB), 201);
  await world.reset();
  assert.deepEqual(await names(world), []);
});

test("a scenario can be a file", async () => {
  const file = written("unavailable.yaml", "rules: [{id: down, match: {verb: list}, then: {status: 503}}]");
  const world = await server.world({ scenario: file });
  assert.equal(await status(world.url + LIST), 503);
  assert.match(await world.requestLog(), /503 scenario unavailable\/down/);
  assert.equal(world.env.STANDIN_SCENARIO, "unavailable");
});

test("wrong scenarios are reported", async () => {
  await assert.rejects(server.world({ scenario: "nope" }), /no scenario "nope"/);
  const wrong = { rules: [{ match: { verb: "list" }, then: { statsu: 500 } }] };
  await assert.rejects(server.world({ scenario: wrong }), /did you mean/);
});

test("the kubeconfig leads to the world", async () => {
  const world = await server.world();
  assert.ok(fs.readFileSync(world.kubeconfig, "utf8").includes(`server: ${world.url}\n`));
  assert.equal(fs.statSync(world.kubeconfig).mode & 0o077, 0);
  assert.equal(world.env.KUBECONFIG, world.kubeconfig);
});

test("a server with TLS has a certificate to trust", async () => {
  const secure = await Server.start({ tls: true });
  const world = await secure.world();
  const ca = fs.readFileSync(world.env.STANDIN_CA);
  assert.equal((await send(world.url + LIST, undefined, { ca })).status, 200);
  assert.match(fs.readFileSync(world.kubeconfig, "utf8"), /certificate-authority-data/);
  await secure.stop();
});

test("scenarios about connections apply to a server", async () => {
  const refusing = await Server.start({ scenarios: written("closed.yaml", "listen: refuse\n") });
  await assert.rejects(send(refusing.url + LIST), /ECONNREFUSED/);
  const world = await refusing.defaultWorld();
  assert.match(await world.report(), /^closed +NOT MET/m);
  await refusing.stop();
});

test("own fixtures are served", async () => {
  const file = written("hello.yaml", "request: {method: GET, urlPath: /hello}\nresponse: {status: 418}\n");
  const own = await Server.start({ fixtures: file });
  assert.equal(await status(`${(await own.world()).url}/hello`), 418);
  await own.stop();
});

test("a missing binary is named", async () => {
  await assert.rejects(Server.start({ binary: "/nowhere/standin" }), /binary names \/nowhere\/standin/);
  const { STANDIN, PATH } = process.env;
  try {
    process.env.STANDIN = "/nowhere/standin";
    assert.throws(() => findBinary(), /the environment variable STANDIN names \/nowhere\/standin/);
    delete process.env.STANDIN;
    assert.match(findBinary(), /node_modules\/@standin\/.*\/bin\/standin$/);
  } finally {
    Object.assign(process.env, { PATH, ...(STANDIN ? { STANDIN } : {}) });
  }
});

test("wrong fixtures are reported with the output of the server", async () => {
  const file = written("wrong.yaml", "request: {methd: GET}\n");
  await assert.rejects(Server.start({ fixtures: file }), /exit code 3 before it served[^]*wrong\.yaml:1/);
});

test("a program that says nothing is given up", async () => {
  const binary = written("silent", "#!/bin/sh\necho some words\nexec sleep 60\n", 0o755);
  const starting = Server.start({ binary, startTimeout: 500 });
  await assert.rejects(starting, /did not say where it serves within 500 ms[^]*some words/);
});

const answers = (url) => status(`${url}/__admin/health`).then(() => true, () => false);

/** Whether the server stops to answer. The limit is generous: it only ends a test that fails. */
async function ends(url) {
  for (let left = 1000; left > 0 && (await answers(url)); left -= 1) await sleep(20);
  return !(await answers(url));
}

test("a second stop does nothing", async () => {
  const stopped = await Server.start();
  assert.equal(await answers(stopped.url), true);
  await stopped.stop();
  assert.equal(await answers(stopped.url), false);
  assert.equal(fs.existsSync(stopped.directory), false);
  await stopped.stop();
});

for (const [how, rest] of [
  ["ends by itself", ""],
  ["is killed", "setTimeout(() => {}, 60_000);"],
]) {
  test(`the server ends with a process that ${how}`, async () => {
    const code = `import("standin").then(async ({ Server }) => { console.log((await Server.start()).url); ${rest} })`;
    // What a killed process leaves behind is removed with the folder.
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"], env });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const url = await new Promise((resolve) => child.stdout.once("data", (text) => resolve(String(text).trim())));
    assert.match(url, /^http:\/\/127/);
    if (rest) child.kill("SIGKILL");
    await closed;
    assert.equal(await ends(url), true);
  });
}

test("logs are kept where they are asked for", async () => {
  const logs = path.join(folder, "logs");
  process.env.STANDIN_LOGS = logs;
  const logged = await Server.start();
  delete process.env.STANDIN_LOGS;
  await status(logged.url + LIST);
  await logged.stop();
  const [name] = fs.readdirSync(logs);
  assert.ok(fs.readFileSync(path.join(logs, name), "utf8").includes(`GET ${LIST} → 200`));
});
