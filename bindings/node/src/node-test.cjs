"use strict";
// For node:test.

const { after, test } = require("node:test");
const { define } = require("./define.cjs");

const register = (kind, name, run, timeout) => {
  const options = timeout === undefined ? {} : { timeout };
  return (kind === "test" ? test : test[kind])(name, options, (context) => run(context));
};

module.exports = define({ register, afterAll: after });
