package standin.junit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A server of its own for one test: objects, scenarios, counters, tokens and clock. */
public final class StandinWorld implements AutoCloseable {
  private final StandinServer server;
  private final String name;
  private final String url;
  private final Path kubeconfig;
  private List<String> scenarios = List.of();

  StandinWorld(StandinServer server, String name, String url, Path kubeconfig) {
    this.server = server;
    this.name = name;
    this.url = url;
    this.kubeconfig = kubeconfig;
  }

  /** The server of this world. */
  public StandinServer server() {
    return server;
  }

  /** The name of this world. */
  public String name() {
    return name;
  }

  /** What clients use as the URL of the server. */
  public String url() {
    return url;
  }

  /** A kubeconfig file. */
  public Path kubeconfig() {
    return kubeconfig;
  }

  /** The environment variables that a drill sets for a client, for {@link ProcessBuilder#environment()}. */
  public Map<String, String> env() {
    Map<String, String> env = new LinkedHashMap<>();
    env.put("STANDIN_URL", url);
    env.put("STANDIN_WORLD", name);
    env.put("STANDIN_SCENARIO", String.join(" ", scenarios));
    env.put("KUBECONFIG", kubeconfig.toString());
    env.put("NO_PROXY", "127.0.0.1,localhost");
    env.put("no_proxy", "127.0.0.1,localhost");
    if (server.ca() != null) {
      env.put("STANDIN_CA", server.ca().toString());
    }
    return env;
  }

  /** Calls an endpoint of the admin API for this world, such as {@code ("POST", "clock/freeze", "")}. */
  public String admin(String method, String path, String body) {
    return Admin.call(server.adminToken(), method, server.adminUrl() + "/worlds/" + name + "/__admin/" + path, body);
  }

  /** Replaces the scenarios: names of embedded ones, or files. */
  public void setScenarios(String... scenarios) {
    setScenarios(List.of(scenarios), -1);
  }

  /** Replaces the scenarios. A seed below 0 is that of the scenarios. */
  public void setScenarios(List<String> chosen, long seed) {
    List<String> embedded = new ArrayList<>();
    Map<String, String> texts = new LinkedHashMap<>();
    for (String scenario : chosen) {
      if (scenario.matches(".*\\.(ya?ml|json)")) {
        Path file = Path.of(scenario);
        texts.put(file.getFileName().toString().replaceFirst("\\.[a-z]+$", ""), read(file));
      } else {
        embedded.add(scenario);
      }
    }
    String names = embedded.stream().map(Json::quote).collect(Collectors.joining(","));
    String body = "{\"scenarios\":[" + names + "]" + (seed < 0 ? "" : ",\"seed\":" + seed) + "}";
    admin("PUT", "standin/scenarios", body);
    scenarios = embedded;
    texts.forEach(this::addScenario);
  }

  /** Adds a scenario that is written in the test, as YAML or JSON. */
  public void addScenario(String name, String text) {
    admin("PUT", "scenarios/" + name, text);
    List<String> more = new ArrayList<>(scenarios);
    more.add(name);
    scenarios = more;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException error) {
      throw new StandinException("the scenario " + file.toAbsolutePath() + " cannot be read: " + error, error);
    }
  }

  /** The requests in the order in which they came. */
  public List<StandinRequest> requests() {
    if (!(Json.parse(admin("GET", "requests", "")) instanceof Map<?, ?> answer
        && answer.get("requests") instanceof List<?> events)) {
      throw new StandinException("the answer to /__admin/requests has no requests");
    }
    List<StandinRequest> requests = new ArrayList<>(events.stream().map(StandinRequest::of).toList());
    Collections.reverse(requests);
    return requests;
  }

  /** A line for each request; where the server has ended, what it printed. */
  String seen() {
    try {
      String lines = requests().stream().map(StandinRequest::toString).collect(Collectors.joining("\n"));
      return lines.isEmpty() ? "(none)" : lines;
    } catch (StandinException error) {
      return error.getMessage() + "\n" + server.output();
    }
  }

  /** Moves the clock forward. */
  public void advance(Duration by) {
    admin("POST", "clock/advance", "{\"by\":\"" + by.toMillis() + "ms\"}");
  }

  /** Stops the clock. */
  public void freeze() {
    admin("POST", "clock/freeze", "");
  }

  /** Lets the clock run again. */
  public void release() {
    admin("POST", "clock/release", "");
  }

  /** Brings this world back to the fixtures: objects, counters, tokens and clock. */
  public void reset() {
    admin("POST", "reset", "");
  }

  /** The verdict on the clients of this world. */
  public Verdict verdict() {
    StandinServer.Printed printed = server.run("verdict", "--timeline", server.adminUrl() + "/worlds/" + name);
    return new Verdict(Verdict.Outcome.of(printed.exitCode()), printed.text().stripTrailing());
  }

  /** Fails with the report of the drill, unless the verdict is {@code passed}. */
  public void assertPassed() {
    assertPassed(false);
  }

  /** Fails with the report of the drill; a client that did not meet the faults can be accepted. */
  public void assertPassed(boolean allowNotMet) {
    Verdict verdict = verdict();
    boolean accepted = verdict.isPassed() || allowNotMet && verdict.outcome() == Verdict.Outcome.NOT_MET;
    if (!accepted) {
      String word = verdict.outcome().toString().replace('_', ' ');
      throw new AssertionError("the verdict of standin is " + word + "\n" + verdict.report());
    }
  }

  /** Deletes this world. */
  @Override
  public void close() {
    Admin.call(server.adminToken(), "DELETE", server.adminUrl() + "/__admin/worlds/" + name, "");
    try {
      Files.deleteIfExists(kubeconfig);
    } catch (IOException error) {
      // It goes with the directory of the server.
    }
  }

  /**
   * A verdict on the clients of a world.
   *
   * @param outcome what comes out
   * @param report the verdict as a drill prints it, with the timeline of the requests
   */
  public record Verdict(Outcome outcome, String report) {
    /** What comes out of a drill. */
    public enum Outcome {
      /** The client met every fault, and made no mistake. */
      PASSED,
      /** The client did not meet the faults: nothing is known about it. */
      NOT_MET,
      /** The client made mistakes. */
      FAILED,
      /** The server has no verdict. */
      BROKEN;

      static Outcome of(int exitCode) {
        return switch (exitCode) {
          case 0 -> PASSED;
          case 4 -> NOT_MET;
          case 1 -> FAILED;
          default -> BROKEN;
        };
      }
    }

    /** Whether the client met every fault, and made no mistake. */
    public boolean isPassed() {
      return outcome == Outcome.PASSED;
    }
  }
}
