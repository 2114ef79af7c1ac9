// A rig session with wiremock-captain.
const assert = require("node:assert");
const { WireMock, WireMockAPI, MatchingAttributes, BodyType, EndpointFeature } = require("wiremock-captain");

const url = process.env.WIREMOCK_URL;

async function main() {
  const mock = new WireMock(url);
  await mock.clearAll();
  const made = await mock.register(
    { method: "POST", endpoint: "/test", body: { hello: "world" }, headers: { "X-A": "1" },
      queryParameters: { q: "x y" }, metadata: { suite: "captain" } },
    { status: 201, body: { goodbye: "world" }, headers: { "X-B": "2" } },
    { requestEndpointFeature: EndpointFeature.UrlPath, requestIgnoreExtraElements: true, requestHeaderFeatures: { "X-A": MatchingAttributes.EqualTo } });
  assert.ok(made.id);
  const send = (body) => fetch(`${url}/test?q=x%20y`, {
    method: "POST", body: JSON.stringify(body), headers: { "X-A": "1", "Content-Type": "application/json" } });
  const answer = await send({ hello: "world", more: 1 });
  assert.deepStrictEqual([answer.status, await answer.json(), answer.headers.get("x-b")],
    [201, { goodbye: "world" }, "2"]);
  assert.strictEqual((await send({ hello: "moon" })).status, 404);
  assert.strictEqual((await mock.getAllMappings()).length, 1);
  assert.strictEqual((await mock.getMapping(made.id)).id, made.id);
  assert.strictEqual((await mock.getAllRequests()).length, 2);
  assert.strictEqual((await mock.getUnmatchedRequests()).length, 1);
  assert.strictEqual((await mock.getRequestsForAPI("POST", "/test?q=x%20y")).length, 2);
  const byMetadata = await mock.findMappingByMetadata({ suite: "captain" }, MatchingAttributes.EqualToJson);
  assert.strictEqual((byMetadata.mappings ?? byMetadata).length, 1);

  const api = new WireMockAPI(url, "/turns", "GET");
  await api.register({}, { status: 200, body: "one" },
    { responseBodyType: BodyType.Body, scenario: { scenarioName: "s", requiredScenarioState: "Started", newScenarioState: "two" } });
  await api.register({}, { status: 500, body: "two" },
    { responseBodyType: BodyType.Body, scenario: { scenarioName: "s", requiredScenarioState: "two" } });
  const turn = async () => (await fetch(`${url}/turns`)).text();
  assert.deepStrictEqual([await turn(), await turn(), await turn()], ["one", "two", "two"]);
  assert.strictEqual((await mock.getAllScenarios()).length, 1);
  await mock.resetAllScenarios();
  assert.strictEqual(await turn(), "one");

  await mock.register({ method: "GET", endpoint: "/broken" }, { status: 200 }, { fault: "EMPTY_RESPONSE" });
  await assert.rejects(fetch(`${url}/broken`));
  await mock.register({ method: "GET", endpoint: "/slow" }, { status: 200, body: "late" },
    { responseBodyType: BodyType.Body, responseDelay: { type: "FIXED", constantDelay: 50 } });
  const begin = Date.now();
  assert.strictEqual(await (await fetch(`${url}/slow`)).text(), "late");
  assert.ok(Date.now() - begin >= 45);

  await mock.deleteMapping(made.id);
  await mock.removeMappingByMetadata({ suite: "captain" }, MatchingAttributes.EqualToJson);
  await mock.clearAllRequests();
  assert.strictEqual((await mock.getAllRequests()).length, 0);
  await mock.resetMappings();
  assert.strictEqual((await mock.getAllMappings()).length, 0);
}

main().catch((error) => { console.error(error); process.exit(1); });
