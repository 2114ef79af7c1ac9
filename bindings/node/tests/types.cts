// The types by `require`.

import standin = require("standin");
import helpers = require("standin/node-test");

helpers.standinTest("jobs", async (world) => void world.url);
export const start: Promise<standin.Server> = standin.Server.start();
