// A client with some good habits and some bad ones, so that a report has something of everything: it waits before it
// tries again, but not as long as it is asked to; it follows pages, and does not begin anew when one is gone; it sends a
// refused create again as it was.
import { setTimeout as sleep } from "node:timers/promises";

const server = process.env.STANDIN_URL;
const scenario = process.env.STANDIN_SCENARIO;
const jobs = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

async function call(method, path, body) {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    try {
      const answer = await fetch(server + path, {
        method,
        headers: { "content-type": "application/json" },
        body: body && JSON.stringify(body),
      });
      const text = await answer.text();
      if (answer.status < 400) return JSON.parse(text);
      if (answer.status !== 429 && answer.status < 500) {
        if (answer.status !== 409) return {};
      }
    } catch {
      // A connection that broke: tried again as well.
    }
    await sleep(120 * 1.7 ** attempt * (0.8 + 0.4 * Math.random()));
  }
  return {};
}

if (scenario.endsWith("load.yaml")) {
  const one = () => fetch(server + jobs).then((answer) => answer.text()).catch(() => "");
  for (let round = 0; round < 45; round += 1) {
    await Promise.all(Array.from({ length: round % 15 < 10 ? 30 : 6 }, one));
    await sleep(10);
  }
} else {
  if (scenario.startsWith("brownout")) {
    await call("GET", jobs);
    await sleep(2100);
  }
  console.log("listing the jobs");
  let next = "";
  do {
    const page = await call("GET", `${jobs}?limit=10${next && `&continue=${next}`}`);
    next = page.metadata?.continue ?? "";
  } while (next);
  await Promise.all([1, 2, 3].map(() => call("GET", `${jobs}/tfjob-test`)));
  await call("POST", jobs, {
    apiVersion: "kubeflow.org/v1",
    kind: "TFJob",
    metadata: { name: "report" },
    spec: { tfReplicaSpecs: { Worker: { replicas: 1, template: { spec: { containers: [{ name: "tensorflow", image: "x" }] } } } } },
  });
  await call("DELETE", `${jobs}/report`);
  console.log("done: <b>all</b> is well");
}
