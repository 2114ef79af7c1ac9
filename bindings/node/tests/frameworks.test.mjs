// The helpers for frameworks, seen from outside: each runs the same sample, and its output is looked at.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));

const body = (equal) => `
const ONCE = {
  rules: [{
    match: { verb: "list" },
    steps: [{ times: 1, then: { status: 429, retry_after: "1s" } }],
    expect: { retry_after: "honoured", recovers: "required" },
  }],
};

standinTest("hasty", { scenario: "throttling/burst" }, async (world) => {
  await world.freeze();
  for (let count = 0; count < 6; count += 1) await status(world.url + LIST);
});

standinTest("patient", { scenario: ONCE, timeout: 20000 }, async (world) => {
  await world.freeze();
  ${equal("await status(world.url + LIST)", "429")};
  await world.advance(1);
  ${equal("await status(world.url + LIST)", "200")};
});

standinTest("allowed", { scenario: ONCE, allowNotMet: true }, async () => {});

standinTest("not judged", { scenario: ONCE, verdict: false }, async (world) => {
  ${equal("await status(world.url + LIST)", "429")};
});

standinTest.skip("skipped", async () => { throw new Error("runs"); });

for (const name of ["first", "second"]) {
  standinTest(name, async (world) => {
    ${equal("await status(world.url + LIST, JOB)", "201")};
    ${equal("(await world.requests()).length", "1")};
  });
}
`;
const CLIENT = JSON.stringify(path.join(here, "client.cjs"));
const expected = (value, wanted) => `expect(${value}).toBe(${wanted})`;
const asserted = (value, wanted) => `assert.equal(${value}, ${wanted})`;

// How each framework is run, and how it counts.
const frameworks = {
  "node-test": {
    file: "sample.mjs",
    head: `import assert from "node:assert/strict";
import { standinTest } from "standin/node-test";
import client from ${CLIENT};
const { JOB, LIST, status } = client;`,
    equal: asserted,
    command: [process.execPath, "--test", "--test-reporter=spec", "sample.mjs"],
    counts: [/pass 5\b/, /fail 1\b/, /skipped 1\b/],
    passes: /pass 1\b/,
  },
  vitest: {
    file: "sample.test.mjs",
    head: `import { expect } from "vitest";
import { standinTest, useServer } from "standin/vitest";
import client from ${CLIENT};
const { JOB, LIST, status } = client;`,
    equal: expected,
    command: [process.execPath, path.join(here, "node_modules/vitest/vitest.mjs"), "run", "--root", "."],
    counts: [/1 failed \| 5 passed \| 1 skipped/],
  },
  jest: {
    file: "sample.test.cjs",
    head: `const { standinTest } = require("standin/jest");
const { JOB, LIST, status } = require(${CLIENT});`,
    equal: expected,
    command: [process.execPath, path.join(here, "node_modules/jest/bin/jest.js"), "--rootDir=.", "--testMatch=**/*.test.cjs"],
    counts: [/Tests: +1 failed, 1 skipped, 5 passed, 7 total/],
  },
};

/** Runs a file with a framework, and returns its exit code and output. */
function run(name, text, env = {}) {
  const { file, command } = frameworks[name];
  const folder = fs.mkdtempSync(path.join(here, `sample-${name}-`));
  fs.writeFileSync(path.join(folder, file), text);
  if (name === "jest") fs.writeFileSync(path.join(folder, "package.json"), "{}");
  // A framework within node:test is not a part of it.
  const { NODE_TEST_CONTEXT: _, ...outer } = process.env;
  const options = { cwd: folder, env: { ...outer, NO_COLOR: "1", CI: "true", ...env }, timeout: 120_000 };
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), options);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (output += part));
    child.once("close", (code) => {
      fs.rmSync(folder, { recursive: true });
      resolve({ code, output });
    });
  });
}

describe("frameworks", () => {
  for (const [name, { head, equal, counts }] of Object.entries(frameworks)) {
    test(`${name}: a client that misbehaves fails its test with the report of the drill`, async () => {
      const { code, output } = await run(name, head + body(equal));
      assert.notEqual(code, 0, output);
      for (const count of counts) assert.match(output, count);
      assert.match(output, /the verdict of standin is FAILED/);
      assert.match(output, /ignored Retry-After 5 times: GET \/apis\/kubeflow.org\/v1\/namespaces\/default\/tfjobs/);
      assert.match(output, /standin requests of "hasty"[^]*GET \S+ → 429 scenario burst\/full/);
    });
  }

  test("a missing binary is an error that says what to do", async () => {
    const { head } = frameworks["node-test"];
    const env = { STANDIN: "/nowhere/standin" };
    const { code, output } = await run("node-test", `${head}\nstandinTest("any", async () => {});`, env);
    assert.notEqual(code, 0);
    assert.match(output, /the environment variable STANDIN names \/nowhere\/standin, which is no program/);
  });

  test("useServer sets the options of the server", async () => {
    const text = `import { standinTest, useServer } from "standin/node-test";
import assert from "node:assert/strict";
import client from ${CLIENT};
useServer({ args: ["--profile", "cci"] });
standinTest("gateway", async (world) => assert.equal(await client.status(world.url + client.LIST), 401));`;
    const { code, output } = await run("node-test", text);
    assert.equal(code, 0, output);
  });
});
