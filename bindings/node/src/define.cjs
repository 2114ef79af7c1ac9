"use strict";
// `standinTest` for a test framework: a test with a world of its own, and the verdict at its end.

const { Server } = require("./server.cjs");

/**
 * Makes `standinTest` and `useServer`. `register(kind, name, run, timeout)` adds a test of a kind ("test", "only",
 * "skip") to the framework; `afterAll` adds a hook that runs after all tests of the file.
 */
function define({ register, afterAll }) {
  let options = {};
  let starting;

  // Frameworks load this module anew for each file, so that each file has a server.
  afterAll(async () => {
    const server = await starting?.catch(() => undefined);
    starting = undefined;
    await server?.stop();
  });

  function useServer(chosen) {
    if (starting) throw new Error("useServer has to come before the first test runs");
    options = chosen;
  }

  async function runInWorld(name, settings, run, context) {
    starting ??= Server.start(options);
    const server = await starting;
    const { scenario = [], seed, verdict = true, allowNotMet } = settings;
    const world = await server.world({ name, scenario, seed });
    try {
      await run(world, ...context);
      if (verdict && [scenario].flat().length > 0) await world.assertPassed({ allowNotMet });
    } catch (error) {
      console.error(`standin requests of ${JSON.stringify(name)}:\n${await seen(world)}`);
      throw error;
    } finally {
      if (server.isRunning) await world.delete();
    }
  }

  const variant = (kind) => (name, settings, run) => {
    const [chosen, body] = typeof settings === "function" ? [{}, settings] : [settings, run];
    return register(kind, name, (...context) => runInWorld(name, chosen, body, context), chosen.timeout);
  };

  const standinTest = Object.assign(variant("test"), { only: variant("only"), skip: variant("skip") });
  return { standinTest, useServer };
}

/** The requests of a world; where the server has ended, what it printed. */
async function seen(world) {
  try {
    return (await world.requestLog()) || "(none)";
  } catch (error) {
    return `${error.message}\n${world.server.output()}`;
  }
}

module.exports = { define };
