"use strict";
// What the package exports. ES modules get the same objects by index.mjs.

const { findBinary } = require("./binary.cjs");
const { StandinError, VerdictError } = require("./errors.cjs");
const { Server } = require("./server.cjs");
const { World } = require("./world.cjs");

module.exports = { Server, World, StandinError, VerdictError, findBinary };
