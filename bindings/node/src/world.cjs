"use strict";
// A world: the server as one test sees it.

const fs = require("node:fs");
const path = require("node:path");
const { fileURLToPath } = require("node:url");
const { call } = require("./admin.cjs");
const { VerdictError } = require("./errors.cjs");

/** A server of its own for one test. Made by `Server.world`. */
class World {
  #admin;
  #scenarios = [];

  constructor(server, name, url, kubeconfig) {
    this.server = server;
    this.name = name;
    this.url = url;
    this.kubeconfig = kubeconfig;
    this.#admin = `${server.adminUrl}/worlds/${name}/__admin`;
  }

  /** The environment variables that a drill sets for a client. */
  get env() {
    return {
      STANDIN_URL: this.url,
      STANDIN_WORLD: this.name,
      STANDIN_SCENARIO: this.#scenarios.join(" "),
      KUBECONFIG: this.kubeconfig,
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
      ...(this.server.ca ? { STANDIN_CA: this.server.ca } : {}),
    };
  }

  /** Calls an endpoint of the admin API for this world, such as ("POST", "clock/freeze"). */
  admin(method, endpoint, body) {
    return call(this.server.adminToken, method, `${this.#admin}/${endpoint}`, body);
  }

  async create() {
    await call(this.server.adminToken, "PUT", `${this.server.adminUrl}/__admin/worlds/${this.name}`);
  }

  /** Replaces the scenarios of this world; each is a name, a file, or the content of a file. */
  async setScenarios(scenarios, { seed } = {}) {
    const names = [];
    const contents = new Map();
    for (const [index, scenario] of [scenarios].flat().entries()) {
      if (typeof scenario === "object" && !(scenario instanceof URL)) {
        contents.set(`inline-${index + 1}`, scenario);
        continue;
      }
      const name = scenario instanceof URL ? fileURLToPath(scenario) : scenario;
      if (/\.(ya?ml|json)$/.test(name)) contents.set(path.parse(name).name, fs.readFileSync(name, "utf8"));
      else names.push(name);
    }
    await this.admin("PUT", "standin/scenarios", { scenarios: names, ...(seed === undefined ? {} : { seed }) });
    for (const [name, content] of contents) await this.admin("PUT", `scenarios/${name}`, content);
    this.#scenarios = [...names, ...contents.keys()];
  }

  /** The requests of this world in the order in which they came, as WireMock's serve events. */
  async requests() {
    return (await this.admin("GET", "requests")).requests.reverse();
  }

  /** A line for each request: method, URL, status, and what answered. */
  async requestLog() {
    return (await this.requests()).map(line).join("\n");
  }

  async advance(seconds) {
    await this.admin("POST", "clock/advance", { by: `${Math.round(seconds * 1000)}ms` });
  }

  async freeze() {
    await this.admin("POST", "clock/freeze");
  }

  async release() {
    await this.admin("POST", "clock/release");
  }

  async reset() {
    await this.admin("POST", "reset");
  }

  verdict() {
    return this.admin("GET", "verdict");
  }

  /** The verdict as a drill prints it, with the timeline of the requests. */
  async report() {
    const url = `${this.server.adminUrl}/worlds/${this.name}`;
    return (await this.server.command(["verdict", "--timeline", url], { check: false })).trimEnd();
  }

  /** Throws VerdictError with the report of the drill, unless the verdict is `passed`. */
  async assertPassed({ allowNotMet = false } = {}) {
    const { verdict } = await this.verdict();
    if (verdict === "passed" || (allowNotMet && verdict === "not_met")) return;
    const word = verdict.replace("_", " ").toUpperCase();
    throw new VerdictError(`the verdict of standin is ${word}\n${await this.report()}`);
  }

  async delete() {
    await call(this.server.adminToken, "DELETE", `${this.server.adminUrl}/__admin/worlds/${this.name}`);
    fs.rmSync(this.kubeconfig, { force: true });
  }
}

function line({ request, response }) {
  const { answeredBy, id, fault } = request.standin ?? {};
  const words = [request.method, request.url, "→", response.status ?? "no answer", answeredBy, id];
  return [...words, fault && `fault=${fault}`].filter(Boolean).join(" ");
}

module.exports = { World };
