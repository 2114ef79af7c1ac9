"use strict";
// Finds the program standin.

const fs = require("node:fs");
const path = require("node:path");
const { StandinError } = require("./errors.cjs");

const PROGRAM = process.platform === "win32" ? "standin.exe" : "standin";

/** The package that carries the program for this system. */
const PACKAGE = `@standin/${process.platform}-${process.arch}`;

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The program of that name: itself if it is a path, else the first one in PATH. */
function which(name) {
  if (name.includes("/") || name.includes(path.sep)) return isProgram(name) ? path.resolve(name) : undefined;
  const directories = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return directories.map((directory) => path.resolve(directory, name)).find(isProgram);
}

/**
 * The path of the program: `name` where that is given, else what the environment variable STANDIN names, else the
 * program of the package for this system, else the first one in PATH.
 */
function findBinary(name) {
  for (const [source, given] of [
    ["binary", name],
    ["the environment variable STANDIN", process.env.STANDIN],
  ]) {
    if (!given) continue;
    const found = which(given);
    if (!found) throw new StandinError(`${source} names ${given}, which is no program that can be run`);
    return found;
  }
  try {
    return require.resolve(`${PACKAGE}/bin/${PROGRAM}`);
  } catch {
    // The package is not installed.
  }
  const found = which(PROGRAM);
  if (!found) {
    throw new StandinError(
      `the program standin is neither in the package ${PACKAGE} nor in PATH; install that package, which npm leaves ` +
        "out with --omit=optional, or set the environment variable STANDIN to the program's path",
    );
  }
  return found;
}

module.exports = { findBinary };
