"use strict";
// Requests to the admin API. They use node:http, since test environments replace `fetch`.

const http = require("node:http");
const { StandinError } = require("./errors.cjs");

/** How long the server may take to answer, in milliseconds. No scenario applies to the admin API. */
const TIMEOUT = 30_000;

/** Makes a request and returns the JSON of its answer. A body that is no text is sent as JSON. */
function call(token, method, url, body) {
  const data = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new StandinError(`${method} ${url}: ${why}`));
    const headers = {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(data ?? ""),
    };
    const request = http.request(url, { method, agent: false, headers, timeout: TIMEOUT }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", (error) => fail(`the answer broke off: ${error.message}`));
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode >= 300) fail(problems(answer.statusCode, text));
        else resolve(text.trim() === "" ? undefined : JSON.parse(text));
      });
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    request.on("error", (error) => fail(`the server does not answer: ${error.message}`));
    request.end(data);
  });
}

/** What the server says is wrong, a line for each problem. */
function problems(status, text) {
  try {
    return JSON.parse(text)
      .errors.map((problem) => problem.title)
      .join("\n");
  } catch {
    return `${status} ${text}`;
  }
}

module.exports = { call };
