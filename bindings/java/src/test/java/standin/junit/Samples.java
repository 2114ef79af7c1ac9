package standin.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests that {@link ExtensionTest} runs, to look at what comes of them. */
final class Samples {
  private Samples() {}

  static class Drills {
    @StandinTest(scenario = "throttling/burst")
    void hasty(StandinWorld world) throws Exception {
      // However slow this machine is, no time passes for the client.
      world.freeze();
      for (int count = 0; count < 6; count++) {
        Client.list(world.url());
      }
    }

    @StandinTest(scenario = "src/test/resources/once.yaml", seed = 7)
    void patient(StandinWorld world) throws Exception {
      world.freeze();
      assertEquals(429, Client.list(world.url()));
      world.advance(Duration.ofMillis(1500));
      assertEquals(200, Client.list(world.url()));
    }

    @StandinTest(scenario = "throttling/burst")
    void absent() {}

    @StandinTest(scenario = "throttling/burst", allowNotMet = true)
    void allowed() {}

    @StandinTest(scenario = "throttling/burst", verdict = false)
    void notJudged(StandinWorld world) throws Exception {
      assertEquals(429, Client.list(world.url()));
    }

    @StandinTest(scenario = "throttling/burst")
    void wrong(StandinWorld world) throws Exception {
      assertEquals(200, Client.list(world.url()));
    }

    @StandinTest(scenario = "nope")
    void unknown() {}
  }

  @Execution(ExecutionMode.CONCURRENT)
  static class Alone {
    @BeforeEach
    void create(StandinWorld world) throws Exception {
      assertEquals(201, Client.create(world.url()));
    }

    @StandinTest
    void first(StandinWorld world) {
      assertEquals(1, world.requests().size());
    }

    @StandinTest
    void second(StandinWorld world) {
      assertEquals(1, world.requests().size());
    }
  }

  @StandinOptions(args = {"--profile", "cci"})
  static class WithOptions {
    @StandinTest
    void gateway(StandinWorld world, StandinServer server) throws Exception {
      assertEquals(401, Client.list(world.url()));
      assertEquals(server, world.server());
    }
  }
}
