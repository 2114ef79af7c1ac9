package standin.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static standin.junit.ExtensionTest.assertContains;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The server and its worlds, without the extension. */
class ServerTest {
  private static StandinServer server;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    server = StandinServer.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private Path written(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void worldsDoNotSeeEachOther() throws Exception {
    try (StandinWorld one = server.world("same");
        StandinWorld two = server.world("same")) {
      assertEquals(201, Client.create(one.url()));
      assertContains(Client.send(one.url() + Client.LIST, "GET", "").body(), "\"mine\"");
      assertFalse(Client.send(two.url() + Client.LIST, "GET", "").body().contains("\"mine\""));
      assertEquals(List.of("POST", "GET"), one.requests().stream().map(StandinRequest::method).toList());
      assertEquals(1, two.requests().size());
      assertContains(one.requests().get(0).body(), "TFJob");
    }
  }

  @Test
  void theAdminApiNeedsTheTokenOfTheServer() throws Exception {
    String worlds = server.adminUrl() + "/__admin/worlds";
    assertEquals(401, Client.send(worlds, "GET", "").statusCode());
    assertEquals(200, Client.send(server.adminUrl() + "/__admin/health", "GET", "").statusCode());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(worlds)).header("Authorization", "Bearer " + server.adminToken()).build();
    assertEquals(200, HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode());
  }

  @Test
  void whatAWorldTellsItsClientIsNoOptionOfAnotherServer() {
    Map<String, String> environment = new HashMap<>(Map.of("STANDIN_SCENARIO", "throttled", "STANDIN_LOGS", "logs"));
    ServerProcess.prepare(environment, "secret");
    assertEquals(
        Map.of("STANDIN_SCENARIO", "throttled", "STANDIN_LOGS", "logs", "STANDIN_ADMIN_TOKEN", "secret"), environment);
    environment.putAll(Map.of("STANDIN_WORLD", "test-1", "STANDIN_ADMIN_TOKEN_FILE", "token"));
    ServerProcess.prepare(environment, "secret");
    assertEquals(Map.of("STANDIN_LOGS", "logs", "STANDIN_ADMIN_TOKEN", "secret"), environment);
  }

  @Test
  void aDeletedWorldIsGone() {
    StandinWorld world = server.world("gone");
    world.close();
    assertThrows(StandinException.class, world::close);
    assertFalse(Files.exists(world.kubeconfig()));
  }

  @Test
  void resetBringsTheFixturesBack() throws Exception {
    try (StandinWorld world = server.world("again")) {
      assertEquals(201, Client.create(world.url()));
      world.reset();
      assertEquals(201, Client.create(world.url()));
    }
  }

  @Test
  void scenariosCanBeFilesAndTexts() throws Exception {
    String text = "rules: [{id: down, match: {verb: list}, then: {status: 503}}]";
    try (StandinWorld world = server.world("file")) {
      world.setScenarios(written("unavailable.yaml", text).toString());
      assertEquals(503, Client.list(world.url()));
      assertEquals("GET " + Client.LIST + " → 503 scenario unavailable/down", world.requests().get(0).toString());
      assertEquals("unavailable", world.env().get("STANDIN_SCENARIO"));
      world.setScenarios();
      assertEquals(200, Client.list(world.url()));
      world.addScenario("text", text);
      assertEquals(503, Client.list(world.url()));
    }
  }

  @Test
  void wrongScenariosAreReported() {
    try (StandinWorld world = server.world("wrong")) {
      String message = assertThrows(StandinException.class, () -> world.setScenarios("nope")).getMessage();
      assertContains(message, "no scenario \"nope\"");
      String wrong = "rules: [{match: {verb: list}, then: {statsu: 500}}]";
      message = assertThrows(StandinException.class, () -> world.addScenario("own", wrong)).getMessage();
      assertContains(message, "did you mean");
      message = assertThrows(StandinException.class, () -> world.setScenarios("nowhere.yaml")).getMessage();
      assertContains(message, "nowhere.yaml cannot be read");
    }
  }

  @Test
  void theKubeconfigLeadsToTheWorld() throws Exception {
    try (StandinWorld world = server.world("config")) {
      assertContains(Files.readString(world.kubeconfig()), "server: " + world.url() + "\n");
      assertEquals(world.kubeconfig().toString(), world.env().get("KUBECONFIG"));
    }
  }

  @Test
  void aServerWithTlsHasACertificateToTrust() throws Exception {
    try (StandinServer secure = StandinServer.builder().tls(true).start();
        StandinWorld world = secure.world("tls")) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      try (var pem = Files.newInputStream(Path.of(world.env().get("STANDIN_CA")))) {
        trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
      }
      TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      HttpRequest request = HttpRequest.newBuilder(URI.create(world.url() + Client.LIST)).build();
      HttpClient client = HttpClient.newBuilder().sslContext(context).build();
      assertEquals(200, client.send(request, BodyHandlers.discarding()).statusCode());
    }
  }

  @Test
  void scenariosAboutConnectionsApplyToAServer() throws Exception {
    String closed = written("closed.yaml", "listen: refuse\n").toString();
    try (StandinServer refusing = StandinServer.builder().scenarios(closed).start()) {
      assertThrows(ConnectException.class, () -> Client.list(refusing.url()));
      StandinWorld.Verdict verdict = refusing.defaultWorld().verdict();
      assertEquals(StandinWorld.Verdict.Outcome.NOT_MET, verdict.outcome());
      assertContains(verdict.report(), "closed    NOT MET");
    }
  }

  @Test
  void ownFixturesAreServed() throws Exception {
    written("hello.yaml", "request: {method: GET, urlPath: /hello}\nresponse: {status: 418}\n");
    try (StandinServer own = StandinServer.builder().fixtures(folder).start()) {
      assertEquals(418, Client.send(own.world("own").url() + "/hello", "GET", "").statusCode());
    }
  }

  @Test
  void aMissingBinaryIsNamed() {
    var missing = StandinServer.builder().binary(Path.of("/nowhere/standin"));
    assertContains(assertThrows(StandinException.class, missing::start).getMessage(), "names /nowhere/standin");
    var absent = assertThrows(StandinException.class, () -> Binary.inPath("/nowhere"));
    assertContains(absent.getMessage(), "neither in the class path as /standin/bin/standin-");
    assertContains(absent.getMessage(), "nor in PATH");
  }

  @Test
  void wrongFixturesAreReportedWithTheOutputOfTheServer() throws Exception {
    var wrong = StandinServer.builder().fixtures(written("wrong.yaml", "request: {methd: GET}\n"));
    String message = assertThrows(StandinException.class, wrong::start).getMessage();
    assertContains(message, "ended with exit code 3 before it served");
    assertContains(message, "wrong.yaml:1");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aProgramThatSaysNothingIsGivenUp() throws Exception {
    Path program = written("silent", "#!/bin/sh\necho some words\nexec sleep 60\n");
    assertTrue(program.toFile().setExecutable(true));
    var silent = StandinServer.builder().binary(program).startTimeout(Duration.ofMillis(500));
    String message = assertThrows(StandinException.class, silent::start).getMessage();
    assertContains(message, "did not say where it serves within 500 ms");
    assertContains(message, "some words");
  }

  @Test
  void aSecondStopDoesNothing() {
    StandinServer stopped = StandinServer.builder().start();
    assertTrue(answers(stopped.url()));
    stopped.close();
    assertFalse(answers(stopped.url()));
    assertFalse(stopped.isRunning());
    stopped.close();
  }

  private static boolean answers(String url) {
    try {
      return Client.send(url + "/__admin/health", "GET", "").statusCode() == 200;
    } catch (IOException error) {
      return false;
    } catch (InterruptedException error) {
      throw new AssertionError(error);
    }
  }

  /** A process that starts a server, and says where; the tests run it. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      System.out.println(StandinServer.builder().start().url());
      Thread.sleep(60_000);
    }
  }

  private ProcessBuilder child(Map<String, String> env) {
    // What a killed process leaves behind is removed with the folder.
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = System.getProperty("java.class.path");
    var command = new ProcessBuilder(java, "-Djava.io.tmpdir=" + folder, "-cp", path, Child.class.getName());
    command.environment().putAll(env);
    return command.redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void theServerEndsWithAProcessThatIsKilledAndItsLogIsKept() throws Exception {
    Path logs = folder.resolve("logs");
    Process process = child(Map.of("STANDIN_LOGS", logs.toString())).start();
    String url;
    try (BufferedReader output = process.inputReader()) {
      url = output.readLine();
    }
    assertTrue(answers(url), url);
    process.destroyForcibly().waitFor();
    // The limit is generous: it only ends a test that fails.
    for (int left = 1000; left > 0 && answers(url); left--) {
      Thread.sleep(20);
    }
    assertFalse(answers(url));
    try (Stream<Path> files = Files.list(logs)) {
      assertContains(Files.readString(files.findFirst().orElseThrow()), "standin serving on " + url);
    }
  }

  @Test
  void aWrongVariableNamesItself() throws Exception {
    Process process = child(Map.of("STANDIN", "/nowhere/standin")).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(1, process.waitFor());
    assertContains(output, "the environment variable STANDIN names /nowhere/standin");
  }
}
