"use strict";
// A client of the samples: it answers with the status, and never waits.

const http = require("node:http");
const https = require("node:https");

const LIST = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
const JOB = { apiVersion: "kubeflow.org/v1", kind: "TFJob", metadata: { name: "mine" }, spec: { tfReplicaSpecs: {} } };

function send(url, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  const client = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(url, { method: body ? "POST" : "GET", agent: false, headers, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}

const status = async (url, body) => (await send(url, body)).status;

module.exports = { JOB, LIST, send, status };
