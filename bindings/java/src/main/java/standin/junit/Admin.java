package standin.junit;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Requests to the admin API, to which no scenario applies. */
final class Admin {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  // Proxies of the system are not for a server on loopback.
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY).build();

  private Admin() {}

  /** Makes a request and returns the body of its answer. */
  static String call(String token, String method, String url, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer;
    try {
      answer = CLIENT.send(request, BodyHandlers.ofString());
    } catch (IOException error) {
      throw new StandinException(method + " " + url + ": the server does not answer: " + error, error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new StandinException(method + " " + url + " was interrupted", error);
    }
    if (answer.statusCode() >= 300) {
      throw new StandinException(method + " " + url + ": " + problems(answer));
    }
    return answer.body();
  }

  /** What the server says is wrong, a line for each problem. */
  private static String problems(HttpResponse<String> answer) {
    try {
      if (Json.parse(answer.body()) instanceof Map<?, ?> body && body.get("errors") instanceof List<?> errors) {
        return errors.stream()
            .map(error -> error instanceof Map<?, ?> problem ? String.valueOf(problem.get("title")) : "")
            .collect(Collectors.joining("\n"));
      }
    } catch (IllegalArgumentException error) {
      // It is shown as it is.
    }
    return answer.statusCode() + " " + answer.body();
  }
}
