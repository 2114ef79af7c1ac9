package standin.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The extension, seen from outside: the engine runs samples. */
class ExtensionTest {
  private static EngineExecutionResults run(DiscoverySelector... selectors) {
    return EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
        .selectors(selectors)
        .execute();
  }

  /** The failure of a test. */
  private static Throwable failure(Class<?> sample, String method, String... parameters) {
    EngineExecutionResults results = run(selectMethod(sample, method, String.join(",", parameters)));
    results.testEvents().assertStatistics(counts -> counts.started(1).failed(1));
    return results.testEvents().failed().list().get(0).getRequiredPayload(TestExecutionResult.class).getThrowable().get();
  }

  @Test
  void aClientThatMisbehavesFailsItsTestWithTheReportOfTheDrill() {
    Throwable failure = failure(Samples.Drills.class, "hasty", StandinWorld.class.getName());
    assertEquals(AssertionError.class, failure.getClass());
    assertContains(failure.getMessage(), "the verdict of standin is FAILED");
    assertContains(failure.getMessage(), "ignored Retry-After 5 times: GET " + Client.LIST + " came back after");
    assertContains(failure.getMessage(), "burst (world hasty-1)");
    String requests = failure.getSuppressed()[0].toString();
    assertContains(requests, "standin requests:\nGET " + Client.LIST + " → 429 scenario burst/full");
  }

  @Test
  void aFailureOfTheTestItselfComesFirst() {
    Throwable failure = failure(Samples.Drills.class, "wrong", StandinWorld.class.getName());
    assertContains(failure.getMessage(), "expected: <200> but was: <429>");
    assertContains(failure.getSuppressed()[0].toString(), "→ 429 scenario burst/full");
  }

  @Test
  void aClientThatMeetsNoFaultIsNotMet() {
    String message = failure(Samples.Drills.class, "absent").getMessage();
    assertContains(message, "the verdict of standin is NOT MET");
    assertContains(message, "no request matched");
  }

  @Test
  void aScenarioThatIsNotThereIsAnError() {
    assertContains(failure(Samples.Drills.class, "unknown").getMessage(), "no scenario \"nope\"");
  }

  @Test
  void otherTestsOfTheSampleClassPass() {
    EngineExecutionResults results = run(selectClass(Samples.Drills.class));
    Map<String, Boolean> passed = new TreeMap<>();
    for (Event event : results.testEvents().finished().list()) {
      TestExecutionResult result = event.getRequiredPayload(TestExecutionResult.class);
      boolean good = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
      passed.put(event.getTestDescriptor().getDisplayName().replaceFirst("\\(.*", ""), good);
    }
    List<String> good = passed.entrySet().stream().filter(Map.Entry::getValue).map(Map.Entry::getKey).toList();
    assertEquals(List.of("allowed", "notJudged", "patient"), good);
    assertEquals(7, passed.size());
  }

  @Test
  void testsInParallelDoNotSeeEachOther() {
    run(selectClass(Samples.Alone.class)).testEvents().assertStatistics(counts -> counts.started(2).succeeded(2));
  }

  @Test
  void aClassCanHaveOptionsOfTheServer() {
    run(selectClass(Samples.WithOptions.class)).testEvents().assertStatistics(counts -> counts.succeeded(1).failed(0));
  }

  @Test
  void aMissingBinaryIsAnErrorThatSaysWhatToDo() {
    System.setProperty("standin.binary", "/nowhere/standin");
    try {
      String message = failure(Samples.Drills.class, "absent").getMessage();
      assertContains(message, "the system property standin.binary names /nowhere/standin, which is no program");
    } finally {
      System.clearProperty("standin.binary");
    }
  }

  static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "\"" + part + "\" is not in:\n" + text);
  }
}
