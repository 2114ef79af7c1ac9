// For vitest, which is an ES module alone.

import { afterAll, test } from "vitest";
import helpers from "./define.cjs";

const register = (kind, name, run, timeout) =>
  (kind === "test" ? test : test[kind])(name, (context) => run(context), timeout);

export const { standinTest, useServer } = helpers.define({ register, afterAll });
