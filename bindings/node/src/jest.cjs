"use strict";
// For jest, whose functions are globals of each test file.

const { define } = require("./define.cjs");

const { afterAll, test } = globalThis;
if (!afterAll || !test) throw new Error("standin/jest can only be loaded in a test file of jest");

const register = (kind, name, run, timeout) => (kind === "test" ? test : test[kind])(name, () => run(), timeout);

module.exports = define({ register, afterAll });
