"use strict";
// The server as a child process that ends with this one.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { StandinError } = require("./errors.cjs");

/** The end of the server's output that is kept for error messages, in lines. */
const KEPT_LINES = 200;
/** The longest line that is kept whole, in characters. */
const KEPT_LINE = 64 << 10;
/** How long the server may take to end, in milliseconds; --grace has it end sooner. */
const STOP_TIMEOUT = 5000;

const SERVING = /^standin serving on (\S+)/;
const ADMIN = /^standin: \/__admin is (?:also )?on (\S+)/;

/** A server that runs. `url` and `adminUrl` are what it printed. */
class Process {
  #child;
  #lines = [];
  #rest = "";
  #log;
  #ended;
  #exit;

  /** Starts a server, and waits until it says where it serves. */
  static async start(command, timeout, env) {
    const started = new Process(command, env);
    const problem = await started.#served(timeout);
    if (problem) {
      await started.stop();
      const output = started.output() || "(no output)";
      throw new StandinError(`standin ${problem}\ncommand: ${command.join(" ")}\noutput:\n${output}`);
    }
    // The server is no reason for this process to go on.
    const { stdin, stdout, stderr } = started.#child;
    for (const handle of [started.#child, stdin, stdout, stderr]) handle.unref();
    return started;
  }

  constructor(command, env) {
    // The system closes the pipe when this process ends, also when it is killed, and the server ends with it.
    const [program, ...args] = [...command, "--exit-with-stdin"];
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env });
    const logs = process.env.STANDIN_LOGS;
    if (logs) {
      fs.mkdirSync(logs, { recursive: true });
      this.#log = fs.openSync(path.join(logs, `standin-${this.#child.pid}.log`), "w");
    }
    this.#child.stdout.setEncoding("utf8");
    this.#child.stderr.setEncoding("utf8");
    // A pipe to a server that has ended.
    this.#child.stdin.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#exit = `cannot be run: ${error.message}`;
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        this.#exit ??= `ended with ${signal ?? `exit code ${code}`}`;
        if (this.#log !== undefined) fs.closeSync(this.#log);
        this.#log = undefined;
        resolve();
      });
    });
  }

  /** Reads the output. Returns what is wrong if the server does not serve within the time. */
  #served(timeout) {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(`did not say where it serves within ${timeout} ms`), timeout);
      this.#child.stderr.on("data", (text) => this.#read(text));
      this.#child.stdout.on("data", (text) => {
        this.#read(text);
        if (!this.adminUrl) return;
        clearTimeout(late);
        resolve(undefined);
      });
      this.#ended.then(() => {
        clearTimeout(late);
        resolve(`${this.#exit} before it served`);
      });
    });
  }

  /** Keeps the end of the output; with STANDIN_LOGS all of it goes to a file in that directory. */
  #read(text) {
    if (this.#log !== undefined) fs.writeSync(this.#log, text);
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop().slice(-KEPT_LINE);
    for (const line of lines) {
      this.url ??= SERVING.exec(line)?.[1];
      this.adminUrl ??= ADMIN.exec(line)?.[1];
      this.#lines.push(line);
    }
    this.#lines.splice(0, this.#lines.length - KEPT_LINES);
  }

  output() {
    return [...this.#lines, this.#rest].join("\n").trimEnd();
  }

  get isRunning() {
    return this.#exit === undefined;
  }

  /** Stops the server, and waits for its end. A second call does nothing. */
  async stop() {
    if (!this.isRunning) return;
    this.#child.ref();
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT);
    await this.#ended;
    clearTimeout(late);
  }
}

module.exports = { Process };
