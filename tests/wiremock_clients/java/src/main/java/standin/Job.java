package standin;

import static com.github.tomakehurst.wiremock.client.WireMock.*;

import com.github.tomakehurst.wiremock.client.VerificationException;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.common.Metadata;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.http.RequestMethod;
import com.github.tomakehurst.wiremock.recording.RecordingStatus;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import com.github.tomakehurst.wiremock.stubbing.StubImport;
import com.github.tomakehurst.wiremock.stubbing.StubMapping;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import com.github.tomakehurst.wiremock.verification.NearMiss;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;

/** A rig session with WireMock's own client: its mapper refuses any field that it does not know. */
public final class Job {
  private static final String URL = System.getenv("WIREMOCK_URL");
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private Job() {}

  private static HttpResponse<String> send(String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.BodyPublisher content =
        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(URL + path)).method(method, content);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  public static void main(String[] arguments) throws Exception {
    URI uri = URI.create(URL);
    WireMock client =
        WireMock.create().scheme(uri.getScheme()).host(uri.getHost()).port(uri.getPort()).build();
    // Some of its methods go to the default client, whichever they are called on.
    WireMock.configureFor(client);
    client.resetToDefaultMappings();
    client.removeMappings();

    stubs(client);
    verification(client);
    scenarios(client);
    nearMisses(client);
    answers(client);
    metadataAndImport(client);
    recording(client);
    System.out.println("WireMock's Java client 3.13.2");
  }

  private static void stubs(WireMock client) throws Exception {
    UUID id = UUID.randomUUID();
    client.register(
        post(urlPathTemplate("/orders/{id}"))
            .withId(id)
            .withName("an order")
            .atPriority(3)
            .withPathParam("id", matching("[0-9]+"))
            .withQueryParam("view", including("full", "short"))
            .withHeader("X-Client", containing("rig"))
            .withCookie("session", equalTo("s"))
            .withBasicAuth("user", "password")
            .withRequestBody(matchingJsonPath("$.item", equalTo("book")))
            .withRequestBody(matchingJsonSchema("{\"type\": \"object\"}"))
            .willReturn(okJson("{\"ok\": true}").withStatus(201)));
    String[] headers = {
      "X-Client", "the rig", "Cookie", "session=s", "Authorization", "Basic dXNlcjpwYXNzd29yZA=="
    };
    HttpResponse<String> answer =
        send("POST", "/orders/7?view=full&view=short", "{\"item\": \"book\"}", headers);
    check(answer.statusCode() == 201 && answer.body().equals("{\"ok\": true}"), answer.toString());
    check(answer.headers().firstValue("Matched-Stub-Name").orElse("").equals("an order"), "name");
    check(send("POST", "/orders/x?view=full&view=short", "{}", headers).statusCode() == 404, "no match");
    StubMapping found = client.getStubMapping(id).getItem();
    check(found.getPriority() == 3 && found.getName().equals("an order"), found.toString());
    client.editStubMapping(
        post(urlPathTemplate("/orders/{id}")).withId(id).willReturn(aResponse().withStatus(202)));
    check(send("POST", "/orders/8", "{}").statusCode() == 202, "edited");
    check(client.allStubMappings().getMappings().size() == 1, "one stub");
    check(client.findAllUnmatchedRequests().size() == 1, "one unmatched request");
  }

  private static void verification(WireMock client) throws Exception {
    client.verifyThat(3, postRequestedFor(urlPathMatching("/orders/.*")));
    client.verifyThat(
        moreThanOrExactly(2), postRequestedFor(anyUrl()).withHeader("X-Client", equalTo("the rig")));
    try {
      client.verifyThat(getRequestedFor(urlEqualTo("/orders")));
      throw new AssertionError("verified what was not requested");
    } catch (VerificationException expected) {
      check(expected.getMessage().contains("/orders"), expected.getMessage());
    }
    List<LoggedRequest> requests = client.find(postRequestedFor(urlPathEqualTo("/orders/8")));
    check(requests.size() == 1 && requests.get(0).getBodyAsString().equals("{}"), requests.toString());
    List<ServeEvent> events = client.getServeEvents();
    check(events.size() == 3 && events.get(0).getWasMatched(), events.toString());
    check(events.get(0).getResponse().getStatus() == 202, "status of the event");
    client.removeServeEvent(events.get(0).getId());
    check(client.getServeEvents().size() == 2, "an event is removed");
    check(client.removeServeEvents(postRequestedFor(anyUrl())).size() == 2, "all events are removed");
    client.resetRequests();
  }

  private static void scenarios(WireMock client) throws Exception {
    client.register(
        get("/turn").inScenario("turns").whenScenarioStateIs(Scenario.STARTED).willSetStateTo("two")
            .willReturn(ok("one")));
    client.register(
        get("/turn").inScenario("turns").whenScenarioStateIs("two").willReturn(ok("two")));
    check(send("GET", "/turn", null).body().equals("one"), "first");
    check(send("GET", "/turn", null).body().equals("two"), "second");
    Scenario scenario = client.getAllScenarios().get(0);
    check(scenario.getState().equals("two") && scenario.getPossibleStates().size() == 2, "" + scenario);
    client.resetScenario("turns");
    check(send("GET", "/turn", null).body().equals("one"), "reset");
    client.setScenarioState("turns", "two");
    check(send("GET", "/turn", null).body().equals("two"), "set");
    client.resetScenarios();
  }

  private static void nearMisses(WireMock client) throws Exception {
    check(send("GET", "/turm", null).statusCode() == 404, "a miss");
    List<NearMiss> misses = client.findNearMissesForAllUnmatchedRequests();
    check(!misses.isEmpty() && misses.get(0).getStubMapping() != null, misses.toString());
    check(misses.get(0).getMatchResult().getDistance() > 0, "distance");
    check(!client.findAllNearMissesFor(getRequestedFor(urlEqualTo("/turn-x"))).isEmpty(), "by pattern");
  }

  private static void answers(WireMock client) throws Exception {
    client.register(
        any(urlPathEqualTo("/echo"))
            .willReturn(ok("{{request.method}} {{request.query.q}}").withTransformers("response-template")));
    check(send("PUT", "/echo?q=a", "x").body().equals("PUT a"), "template");
    client.register(get("/broken").willReturn(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER)));
    try {
      send("GET", "/broken", null);
      throw new AssertionError("an answer in place of a reset");
    } catch (IOException expected) {
      // The connection was reset.
    }
    client.register(get("/dribble").willReturn(ok("abcdef").withChunkedDribbleDelay(3, 60)));
    long begin = System.nanoTime();
    check(send("GET", "/dribble", null).body().equals("abcdef"), "dribble");
    check(System.nanoTime() - begin >= 50_000_000L, "dribble takes its time");
    client.setGlobalFixedDelay(30);
    begin = System.nanoTime();
    send("GET", "/echo?q=b", null);
    check(System.nanoTime() - begin >= 25_000_000L, "global delay");
    client.setGlobalFixedDelay(0);
    check(client.getGlobalSettings() != null, "settings");
  }

  private static void metadataAndImport(WireMock client) throws Exception {
    client.register(
        get("/tagged").withMetadata(Metadata.metadata().attr("suite", "java")).willReturn(ok()));
    check(
        client.findAllStubsByMetadata(matchingJsonPath("$.suite", equalTo("java"))).size() == 1, "find");
    client.removeStubsByMetadataPattern(matchingJsonPath("$.suite", equalTo("java")));
    check(send("GET", "/tagged", null).statusCode() == 404, "removed");
    client.importStubMappings(
        StubImport.stubImport()
            .stub(get("/imported").willReturn(ok("1")))
            .stub(get("/imported").willReturn(ok("2")))
            .build());
    check(send("GET", "/imported", null).body().equals("1"), "the first of an import answers");
    client.saveMappings();
    client.resetToDefaultMappings();
    check(send("GET", "/imported", null).body().equals("1"), "saved stubs are loaded");
    StubMapping any = client.allStubMappings().getMappings().get(0);
    client.removeStubMapping(any);
    client.removeMappings();
    check(client.allStubMappings().getMappings().isEmpty(), "all are gone");
    client.resetRequests();
  }

  private static void recording(WireMock client) throws Exception {
    check(client.getStubRecordingStatus().getStatus() == RecordingStatus.NeverStarted, "status");
    client.startStubRecording(
        recordSpec().forTarget(System.getenv("WIREMOCK_HTTP") + "/__admin").makeStubsPersistent(false));
    check(client.getStubRecordingStatus().getStatus() == RecordingStatus.Recording, "recording");
    check(send("GET", "/version", null).statusCode() == 200, "proxied");
    List<StubMapping> recorded = client.stopStubRecording().getStubMappings();
    check(recorded.size() == 1, recorded.toString());
    check(recorded.get(0).getRequest().getMethod().equals(RequestMethod.GET), "method");
    check(send("GET", "/version", null).statusCode() == 200, "replayed");
  }
}
