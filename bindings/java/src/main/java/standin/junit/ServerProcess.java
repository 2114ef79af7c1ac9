package standin.junit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server as a child process that ends with this one. */
final class ServerProcess {
  /** The end of the server's output that is kept for error messages, in lines. */
  private static final int KEPT_LINES = 200;

  /** How long the server may take to end, in seconds; --grace has it end sooner. */
  private static final int STOP_TIMEOUT = 5;

  private static final Pattern SERVING = Pattern.compile("^standin serving on (\\S+)");
  private static final Pattern ADMIN = Pattern.compile("^standin: /__admin is (?:also )?on (\\S+)");

  private final Process child;
  private final Thread reader;
  private final Deque<String> lines = new ArrayDeque<>();
  private String url;
  private String adminUrl;
  private boolean ended;

  /** Starts a server, and waits until it says where it serves. */
  ServerProcess(List<String> command, Duration timeout, String token) {
    // The system closes the pipe when this process ends, also when it is killed, and the server ends with it.
    List<String> watched = new ArrayList<>(command);
    watched.add("--exit-with-stdin");
    try {
      ProcessBuilder builder = new ProcessBuilder(watched).redirectErrorStream(true);
      prepare(builder.environment(), token);
      child = builder.start();
    } catch (IOException error) {
      throw new StandinException(command.get(0) + " cannot be run: " + error.getMessage(), error);
    }
    reader = new Thread(this::read, "standin-output");
    reader.setDaemon(true);
    reader.start();
    String problem = served(timeout);
    if (problem != null) {
      stop();
      String output = output().isEmpty() ? "(no output)" : output();
      throw new StandinException(
          "standin " + problem + "\ncommand: " + String.join(" ", command) + "\noutput:\n" + output);
    }
  }

  /**
   * Gives a program the token of the admin API, which the command line would show to other users. What a world or a
   * drill tells its client in the environment is no option of another server.
   */
  static void prepare(Map<String, String> environment, String token) {
    environment.remove("STANDIN_ADMIN_TOKEN_FILE");
    if (environment.containsKey("STANDIN_WORLD")) {
      environment.keySet().removeAll(List.of("STANDIN_SCENARIO", "STANDIN_URL", "STANDIN_WORLD"));
    }
    environment.put("STANDIN_ADMIN_TOKEN", token);
  }

  /** What is wrong if the server does not serve within the time; otherwise null. */
  private synchronized String served(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    while (adminUrl == null && !ended) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return "did not say where it serves within " + timeout.toMillis() + " ms";
      }
      try {
        wait(left);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
        return "was interrupted before it served";
      }
    }
    return adminUrl != null ? null : "ended with exit code " + exitCode() + " before it served";
  }

  /** The exit code of a server whose output has ended. */
  private String exitCode() {
    try {
      return child.waitFor(STOP_TIMEOUT, TimeUnit.SECONDS) ? Integer.toString(child.exitValue()) : "unknown";
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }

  /** Keeps the end of the output; with STANDIN_LOGS all of it goes to a file in that directory. */
  private void read() {
    String logs = System.getenv("STANDIN_LOGS");
    try (BufferedReader output = child.inputReader(StandardCharsets.UTF_8);
        Writer log = logs == null || logs.isEmpty() ? Writer.nullWriter() : log(Path.of(logs))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        log.append(line).append('\n').flush();
        add(line);
      }
    } catch (IOException | UncheckedIOException error) {
      add("the output of standin cannot be kept: " + error.getMessage());
    } finally {
      end();
    }
  }

  private Writer log(Path directory) throws IOException {
    Files.createDirectories(directory);
    return Files.newBufferedWriter(directory.resolve("standin-" + child.pid() + ".log"));
  }

  private synchronized void add(String line) {
    lines.addLast(line);
    if (lines.size() > KEPT_LINES) {
      lines.removeFirst();
    }
    Matcher serving = SERVING.matcher(line);
    if (url == null && serving.find()) {
      url = serving.group(1);
    }
    Matcher admin = ADMIN.matcher(line);
    if (adminUrl == null && admin.find()) {
      adminUrl = admin.group(1);
    }
    notifyAll();
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  synchronized String url() {
    return url;
  }

  synchronized String adminUrl() {
    return adminUrl;
  }

  synchronized boolean isRunning() {
    return !ended;
  }

  synchronized String output() {
    return String.join("\n", lines);
  }

  /** Stops the server, and waits for its end. A second call does nothing. */
  void stop() {
    try {
      child.getOutputStream().close();
    } catch (IOException error) {
      // It has ended by itself, or was stopped before.
    }
    try {
      if (!child.waitFor(STOP_TIMEOUT, TimeUnit.SECONDS)) {
        child.destroyForcibly().waitFor();
      }
      reader.join(TimeUnit.SECONDS.toMillis(STOP_TIMEOUT));
    } catch (InterruptedException error) {
      child.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
