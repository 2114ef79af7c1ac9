// Servers that a test starts and ends, and requests to them.
import { spawn } from "node:child_process";
import http from "node:http";

const children = [];

export const serve = (...options) => start("serve", "--listen", "127.0.0.1:0", ...options);

// Starts a server; gives back its URL once it serves.
export function start(...command) {
  const child = spawn(process.env.STANDIN, command, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    const take = (data) => {
      text += data;
      const url = text.match(/serving on (\S+)/)?.[1];
      if (url) resolve(url);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
}

export function endAll() {
  for (const child of children) child.kill("SIGTERM");
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

// A request as it is: nothing of it is normalized.
export function ask(url, method, path, { headers, body } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path, headers, agent, insecureHTTPParser: true }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (data) => { text += data; });
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

export const admin = (url, method, path, body) =>
  ask(url, method, `/__admin/${path}`, { headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });

// Many requests, a few at a time.
export async function askMany(url, many, path) {
  let next = 0;
  const one = async () => {
    while (next < many) {
      next += 1;
      await ask(url, "GET", path(next));
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}
