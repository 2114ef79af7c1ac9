"use strict";
// A server for tests.

const { execFile } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { findBinary } = require("./binary.cjs");
const { StandinError } = require("./errors.cjs");
const { Process } = require("./process.cjs");
const { World } = require("./world.cjs");

/** The longest name of a world is 63 characters; a number follows. */
const LONGEST_STEM = 50;
const PLACEHOLDER = "standin-world-name";

/**
 * The environment of a server with a token of its admin API, which the command line would show to other users. What a
 * world or a drill tells its client there is no option of another server.
 */
function environment(token) {
  const env = { ...process.env, STANDIN_ADMIN_TOKEN: token };
  delete env.STANDIN_ADMIN_TOKEN_FILE;
  if (env.STANDIN_WORLD !== undefined) {
    for (const name of ["STANDIN_SCENARIO", "STANDIN_URL", "STANDIN_WORLD"]) delete env[name];
  }
  return env;
}

/** Starts `standin serve` on a free port of loopback. */
class Server {
  #process;
  #env;
  #numbers = 0;
  #kubeconfig;
  #cleanUp;

  static async start(options = {}) {
    const { fixtures = [], scenarios = [], seed, tls = false, args = [], startTimeout = 10_000 } = options;
    const binary = findBinary(options.binary);
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "standin-"));
    const ca = tls ? path.join(directory, "ca.pem") : undefined;
    const command = [binary, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    command.push("--graded", "--verbose", "--grace", "1");
    for (const file of [fixtures].flat()) command.push("--fixtures", String(file));
    for (const name of [scenarios].flat()) command.push("--scenario", String(name));
    if (seed !== undefined) command.push("--seed", String(seed));
    if (ca) command.push("--tls", "--ca-out", ca);
    const token = process.env.STANDIN_ADMIN_TOKEN || randomBytes(24).toString("base64url");
    const env = environment(token);
    try {
      const started = await Process.start([...command, ...args], startTimeout, env);
      return new Server(binary, directory, ca, token, env, started);
    } catch (error) {
      fs.rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  constructor(binary, directory, ca, adminToken, env, started) {
    this.binary = binary;
    this.directory = directory;
    this.ca = ca;
    this.adminToken = adminToken;
    this.#env = env;
    this.#process = started;
    this.#cleanUp = () => fs.rmSync(directory, { recursive: true, force: true });
    process.once("exit", this.#cleanUp);
  }

  get url() {
    return this.#process.url;
  }

  get adminUrl() {
    return this.#process.adminUrl;
  }

  get isRunning() {
    return this.#process.isRunning;
  }

  /** Makes a world: the server as it was at its start, for one test alone. */
  async world(options = {}) {
    const { name = "test", scenario = [], seed } = options;
    const stem = name.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[-_.]+/, "").slice(0, LONGEST_STEM);
    const world = await this.#world(`${stem || "test"}-${++this.#numbers}`, true);
    const scenarios = [scenario].flat();
    if (scenarios.length > 0) await world.setScenarios(scenarios, { seed });
    return world;
  }

  /** The world of requests that name none. Scenarios about connections apply in it. */
  defaultWorld() {
    return this.#world("default", false);
  }

  async #world(name, isNew) {
    const url = isNew ? `${this.url}/worlds/${name}` : this.url;
    this.#kubeconfig ??= this.command(["kubeconfig", this.url, "--world", PLACEHOLDER]);
    const kubeconfig = path.join(this.directory, `${name}.kubeconfig`);
    const text = (await this.#kubeconfig).replaceAll(`${this.url}/worlds/${PLACEHOLDER}`, url);
    fs.writeFileSync(kubeconfig, text, { mode: 0o600 });
    const world = new World(this, name, url, kubeconfig);
    if (isNew) await world.create();
    return world;
  }

  /** Runs a command of the program and returns what it printed. */
  command(args, { check = true } = {}) {
    const options = { timeout: 30_000, maxBuffer: 16 << 20, env: this.#env };
    return new Promise((resolve, reject) => {
      execFile(this.binary, args, options, (error, stdout, stderr) => {
        if (error && check) reject(new StandinError(`standin ${args.join(" ")}: ${stderr.trim() || error.message}`));
        else resolve(stdout);
      });
    });
  }

  output() {
    return this.#process.output();
  }

  async stop() {
    process.removeListener("exit", this.#cleanUp);
    await this.#process.stop();
    this.#cleanUp();
  }
}

module.exports = { Server };
