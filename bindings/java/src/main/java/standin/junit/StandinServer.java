package standin.junit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server on a free port of loopback. It ends with this process, also when that is killed.
 *
 * <pre>{@code
 * try (StandinServer server = StandinServer.builder().fixtures(Path.of("fixtures")).start();
 *     StandinWorld world = server.world("test")) {
 *   new Client(world.url()).listJobs("kube-test");
 * }
 * }</pre>
 */
public final class StandinServer implements AutoCloseable {
  /** The longest name of a world is 63 characters; a number follows. */
  private static final int LONGEST_STEM = 50;

  private static final String PLACEHOLDER = "standin-world-name";

  private final Path binary;
  private final Path directory;
  private final Path ca;
  private final ServerProcess process;
  private final String adminToken = token();
  private final AtomicInteger worlds = new AtomicInteger();
  private String kubeconfig;

  private StandinServer(Builder options) {
    binary = Binary.find(options.binary);
    try {
      directory = Files.createTempDirectory("standin-");
    } catch (IOException error) {
      throw new StandinException("no directory for the files of a server: " + error.getMessage(), error);
    }
    ca = options.tls ? directory.resolve("ca.pem") : null;
    try {
      process = new ServerProcess(options.command(binary, ca), options.startTimeout, adminToken);
    } catch (StandinException error) {
      remove();
      throw error;
    }
  }

  /** Options of a server. */
  public static Builder builder() {
    return new Builder();
  }

  /** The URL of the default world. */
  public String url() {
    return process.url();
  }

  /** The URL below which {@code /__admin} answers whatever scenarios do to connections. */
  public String adminUrl() {
    return process.adminUrl();
  }

  /** What requests to {@code /__admin} have to send, as {@code Authorization: Bearer TOKEN}: no client changes the server. */
  public String adminToken() {
    return adminToken;
  }

  private static String token() {
    String given = System.getenv("STANDIN_ADMIN_TOKEN");
    if (given != null && !given.isEmpty()) {
      return given;
    }
    byte[] bytes = new byte[24];
    new SecureRandom().nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** The file with the CA's certificate, of a server with TLS; otherwise null. */
  public Path ca() {
    return ca;
  }

  /** Whether the server still runs. */
  public boolean isRunning() {
    return process.isRunning();
  }

  /** The end of what the server printed. {@code STANDIN_LOGS=DIRECTORY} keeps all of it in a file. */
  public String output() {
    return process.output();
  }

  /** Makes a world: the server as it was at its start. A number is added to the name. */
  public StandinWorld world(String name) {
    String stem = name.replaceAll("[^A-Za-z0-9_.-]+", "-").replaceAll("^[-_.]+", "");
    stem = stem.isEmpty() ? "test" : stem.substring(0, Math.min(stem.length(), LONGEST_STEM));
    String numbered = stem + "-" + worlds.incrementAndGet();
    StandinWorld world = prepare(numbered, url() + "/worlds/" + numbered);
    Admin.call(adminToken, "PUT", adminUrl() + "/__admin/worlds/" + numbered, "");
    return world;
  }

  /** The world of requests that name none. Scenarios about connections apply in it. */
  public StandinWorld defaultWorld() {
    return prepare("default", url());
  }

  private synchronized StandinWorld prepare(String name, String url) {
    if (kubeconfig == null) {
      Printed printed = run("kubeconfig", url(), "--world", PLACEHOLDER);
      if (printed.exitCode() != 0) {
        throw new StandinException("standin kubeconfig: " + printed.text());
      }
      kubeconfig = printed.text();
    }
    Path file = directory.resolve(name + ".kubeconfig");
    try {
      Files.writeString(file, kubeconfig.replace(url() + "/worlds/" + PLACEHOLDER, url));
    } catch (IOException error) {
      throw new StandinException(file + ": " + error.getMessage(), error);
    }
    return new StandinWorld(this, name, url, file);
  }

  /** What a command of the program printed, and its exit code. */
  record Printed(String text, int exitCode) {}

  /** Runs a command of the program. */
  Printed run(String... args) {
    List<String> command = new ArrayList<>(List.of(binary.toString()));
    command.addAll(List.of(args));
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      ServerProcess.prepare(builder.environment(), adminToken);
      Process child = builder.start();
      child.getOutputStream().close();
      String text = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Printed(text.stripTrailing() + "\n", child.waitFor());
    } catch (IOException error) {
      throw new StandinException(String.join(" ", command) + ": " + error.getMessage(), error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new StandinException(String.join(" ", command) + " was interrupted", error);
    }
  }

  /** Stops the server. A second call does nothing. */
  @Override
  public void close() {
    process.stop();
    remove();
  }

  private void remove() {
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (IOException error) {
      // It was removed before.
    }
  }

  /** Options of a server; {@link #start} starts it. */
  public static final class Builder {
    private final List<String> options = new ArrayList<>();
    private final List<String> args = new ArrayList<>();
    private boolean tls;
    private Path binary;
    private Duration startTimeout = Duration.ofSeconds(10);

    private Builder() {}

    /** Fixture files or directories. Default: the embedded fixtures. */
    public Builder fixtures(Path... paths) {
      for (Path path : paths) {
        options.addAll(List.of("--fixtures", path.toString()));
      }
      return this;
    }

    /** Scenarios of all worlds: names or files. Those about connections apply to the default world. */
    public Builder scenarios(String... scenarios) {
      for (String scenario : scenarios) {
        options.addAll(List.of("--scenario", scenario));
      }
      return this;
    }

    /** The seed of all random draws. */
    public Builder seed(long seed) {
      options.addAll(List.of("--seed", Long.toString(seed)));
      return this;
    }

    /** Whether to serve HTTPS, with a CA whose certificate is in the file {@link StandinServer#ca()}. */
    public Builder tls(boolean tls) {
      this.tls = tls;
      return this;
    }

    /** Further options of {@code standin serve}. */
    public Builder args(String... more) {
      args.addAll(List.of(more));
      return this;
    }

    /**
     * The program. Default: the system property {@code standin.binary}, the environment variable {@code STANDIN}, the
     * jar of this system, {@code PATH}.
     */
    public Builder binary(Path binary) {
      this.binary = binary;
      return this;
    }

    /** How long the server may take to say where it serves. Default: ten seconds. */
    public Builder startTimeout(Duration timeout) {
      startTimeout = timeout;
      return this;
    }

    /**
     * Starts a server.
     *
     * @throws StandinException when it does not serve, with what it printed
     */
    public StandinServer start() {
      return new StandinServer(this);
    }

    private List<String> command(Path binary, Path ca) {
      List<String> command = new ArrayList<>(List.of(binary.toString(), "serve"));
      command.addAll(List.of("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"));
      command.addAll(List.of("--graded", "--verbose", "--grace", "1"));
      command.addAll(options);
      if (ca != null) {
        command.addAll(List.of("--tls", "--ca-out", ca.toString()));
      }
      command.addAll(args);
      return command;
    }
  }
}
