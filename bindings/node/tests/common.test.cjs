"use strict";
// The package by `require`: the same objects as by `import`.

const assert = require("node:assert/strict");
const { test } = require("node:test");
const standin = require("standin");
const { standinTest } = require("standin/node-test");
const { LIST, status } = require("./client.cjs");

test("import and require give the same classes", async () => {
  assert.equal((await import("standin")).Server, standin.Server);
  assert.equal((await import("standin/node-test")).standinTest, standinTest);
});

standinTest("a test has a world", async (world, context) => {
  assert.equal(await status(world.url + LIST), 200);
  assert.match(world.name, /^a-test-has-a-world-/);
  assert.equal(context.name, "a test has a world");
});
