package standin.junit;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.stream.Stream;

/** Finds the program. */
final class Binary {
  private static final String SYSTEM = System.getProperty("os.name").toLowerCase(Locale.ROOT);

  static final boolean WINDOWS = SYSTEM.startsWith("windows");

  private static final String PROGRAM = WINDOWS ? "standin.exe" : "standin";

  /** The program of the jar for this system, such as {@code /standin/bin/standin-linux-amd64}. */
  private static final String RESOURCE =
      "/standin/bin/standin-"
          + (WINDOWS ? "windows" : SYSTEM.startsWith("mac") ? "mac" : "linux")
          + "-"
          + System.getProperty("os.arch").replace("x86_64", "amd64");

  /** The program of the jar, once it was copied out of it. */
  private static Path bundled;

  private Binary() {}

  /**
   * The path of the program: {@code given} unless that is null, else what the system property {@code standin.binary} or
   * the environment variable {@code STANDIN} names, else the program of the jar for this system, else the first one in
   * PATH.
   */
  static Path find(Path given) {
    if (given != null) {
      return named("the option binary", given.toString());
    }
    String property = System.getProperty("standin.binary", "");
    if (!property.isEmpty()) {
      return named("the system property standin.binary", property);
    }
    String variable = System.getenv().getOrDefault("STANDIN", "");
    if (!variable.isEmpty()) {
      return named("the environment variable STANDIN", variable);
    }
    Path own = bundled();
    return own != null ? own : inPath(System.getenv().getOrDefault("PATH", ""));
  }

  private static Path named(String source, String name) {
    Path path = Path.of(name).toAbsolutePath();
    if (Files.isRegularFile(path) && Files.isExecutable(path)) {
      return path;
    }
    throw new StandinException(source + " names " + name + ", which is no program that can be run");
  }

  /** The first program in a list of directories. */
  static Path inPath(String directories) {
    return Stream.of(directories.split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, PROGRAM))
        .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
        .findFirst()
        .orElseThrow(
            () ->
                new StandinException(
                    "the program standin is neither in the class path as "
                        + RESOURCE
                        + " nor in PATH; add the jar of standin-junit with the classifier of this system, or set the"
                        + " system property standin.binary or the environment variable STANDIN to its path"));
  }

  /** The program of the jar, copied to a file that is removed when this process ends; null without the jar. */
  private static synchronized Path bundled() {
    if (bundled != null) {
      return bundled;
    }
    try (InputStream content = Binary.class.getResourceAsStream(RESOURCE)) {
      if (content == null) {
        return null;
      }
      Path directory = Files.createTempDirectory("standin-program-");
      directory.toFile().deleteOnExit();
      Path path = directory.resolve(PROGRAM);
      path.toFile().deleteOnExit();
      Files.copy(content, path, StandardCopyOption.REPLACE_EXISTING);
      if (!path.toFile().setExecutable(true)) {
        throw new IOException(path + " cannot be made executable");
      }
      bundled = path;
      return path;
    } catch (IOException error) {
      throw new StandinException(RESOURCE + " cannot be copied to a file: " + error.getMessage(), error);
    }
  }
}
