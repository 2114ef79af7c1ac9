// A rig session with wiremock-rest-client.
const assert = require("node:assert");
const { WireMockRestClient } = require("wiremock-rest-client");

const url = process.env.WIREMOCK_URL;
const real = Boolean(process.env.WIREMOCK_JAR);

async function main() {
  const client = new WireMockRestClient(url, { silent: true });
  await client.global.resetAll();
  await client.mappings.deleteAllMappings();
  const made = await client.mappings.createMapping({
    request: { method: "GET", urlPathPattern: "/things/[0-9]+" },
    response: { status: 200, body: "{{request.pathSegments.[1]}}", transformers: ["response-template"] },
    metadata: { suite: "rest" },
  });
  assert.strictEqual(await (await fetch(`${url}/things/7`)).text(), "7");
  assert.strictEqual((await fetch(`${url}/other`)).status, 404);
  const changed = await client.mappings.updateMapping(made.id, { ...made, response: { status: 204 } });
  assert.strictEqual(changed.response.status, 204);
  assert.strictEqual((await fetch(`${url}/things/8`)).status, 204);
  assert.strictEqual((await client.mappings.getMapping(made.id)).id, made.id);
  assert.strictEqual((await client.mappings.getAllMappings()).meta.total, 1);
  const query = { matchesJsonPath: { expression: "$.suite", equalTo: "rest" } };
  assert.strictEqual((await client.mappings.findByMetaData(query)).mappings.length, 1);

  const all = await client.requests.getAllRequests();
  assert.strictEqual(all.requests.length, 3);
  assert.strictEqual((await client.requests.getRequest(all.requests[0].id)).id, all.requests[0].id);
  const things = { method: "GET", urlPathPattern: "/things/.*" };
  assert.strictEqual((await client.requests.getCount(things)).count, 2);
  assert.strictEqual((await client.requests.findRequests(things)).requests.length, 2);
  assert.strictEqual((await client.requests.getUnmatchedRequests()).requests.length, 1);
  assert.ok((await client.requests.getUnmatchedNearMisses()).nearMisses.length);
  if (!real) {
    // Routes of 2.x, and those that the package misspells: WireMock 3 has none of them.
    await client.requests.getNearMissesByRequest({ url: "/things", method: "GET" });
    await client.requests.getNearMissesByRequestPattern({ url: "/things", method: "GET" });
  }
  await client.requests.deleteRequest(all.requests[0].id);
  assert.strictEqual((await client.requests.removeRequests(things)).serveEvents.length, 1);
  await client.requests.removeRequestsByMetadata(query);
  if (!real) await client.requests.resetAllRequests();
  await client.requests.deleteAllRequests();
  assert.strictEqual((await client.requests.getAllRequests()).requests.length, 0);

  await client.mappings.createMapping({
    scenarioName: "s", requiredScenarioState: "Started", newScenarioState: "done",
    request: { url: "/s" }, response: { body: "first" },
  });
  assert.strictEqual((await client.scenarios.getAllScenarios()).scenarios[0].state, "Started");
  await client.scenarios.setScenarioState("s", "done");
  assert.strictEqual((await fetch(`${url}/s`)).status, 404);
  await client.scenarios.resetScenario("s");
  assert.strictEqual(await (await fetch(`${url}/s`)).text(), "first");
  await client.scenarios.resetAllScenarios();
  await client.global.updateGlobalSettings({ fixedDelay: 1 });
  await client.global.updateGlobalSettings({});

  assert.strictEqual((await client.recordings.getRecordingStatus()).status, "NeverStarted");
  await client.recordings.startRecording({ targetBaseUrl: process.env.WIREMOCK_HTTP + "/__admin" });
  assert.strictEqual((await client.recordings.getRecordingStatus()).status, "Recording");
  assert.strictEqual((await fetch(`${url}/version`)).status, 200);
  const recorded = await client.recordings.stopRecording();
  assert.strictEqual(recorded.mappings.length, 1);
  assert.strictEqual(recorded.mappings[0].request.url, "/version");
  assert.ok(Array.isArray((await client.recordings.takeSnapshotRecording({ persist: false })).mappings));

  await client.mappings.saveAllMappings();
  await client.mappings.removeByMetaData(query);
  await client.mappings.deleteMapping(recorded.mappings[0].id);
  await client.mappings.deleteAllMappings();
  await client.mappings.resetAllMappings();
  assert.strictEqual((await client.mappings.getAllMappings()).meta.total, 0);
}

main().catch((error) => { console.error(error); process.exit(1); });
