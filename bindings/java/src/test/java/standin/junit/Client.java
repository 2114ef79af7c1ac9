package standin.junit;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** A client of the tests, which never waits. */
final class Client {
  static final String LIST = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
  static final String JOB =
      """
      {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "mine"}, "spec": {"tfReplicaSpecs": {}}}
      """;

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private Client() {}

  static int list(String url) throws IOException, InterruptedException {
    return send(url + LIST, "GET", "").statusCode();
  }

  static int create(String url) throws IOException, InterruptedException {
    return send(url + LIST, "POST", JOB).statusCode();
  }

  static HttpResponse<String> send(String url, String method, String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body))
            .build();
    return HTTP.send(request, BodyHandlers.ofString());
  }
}
