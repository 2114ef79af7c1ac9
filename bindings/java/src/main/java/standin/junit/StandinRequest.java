package standin.junit;

import java.util.Map;

/**
 * A request that a world has seen.
 *
 * @param method the method
 * @param url the path and query
 * @param body the body of the request, as text
 * @param status the status of the answer; 0 where none was sent
 * @param answeredBy what answered, such as {@code stub}, {@code kubernetes} or {@code scenario}
 * @param rule the rule, stub or resource that answered; null where there is none
 * @param fault the fault that ended the answer; null where there is none
 * @param event the serve event, as WireMock has it
 */
public record StandinRequest(
    String method,
    String url,
    String body,
    int status,
    String answeredBy,
    String rule,
    String fault,
    Map<String, Object> event) {
  static StandinRequest of(Object event) {
    Map<String, Object> whole = map(event);
    Map<String, Object> request = map(whole.get("request"));
    Map<String, Object> own = map(request.get("standin"));
    Object status = map(whole.get("response")).get("status");
    return new StandinRequest(
        text(request.get("method")),
        text(request.get("url")),
        text(request.get("body")),
        status instanceof Number number ? number.intValue() : 0,
        text(own.get("answeredBy")),
        text(own.get("id")),
        text(own.get("fault")),
        whole);
  }

  /** The method, the URL, the status, and what answered. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(method).append(' ').append(url).append(" → ").append(status);
    for (String word : new String[] {answeredBy, rule, fault == null ? null : "fault=" + fault}) {
      if (word != null) {
        line.append(' ').append(word);
      }
    }
    return line.toString();
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  /** The map that the reader of JSON made of an object; an empty one of anything else. */
  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return value instanceof Map ? (Map<String, Object>) value : Map.of();
  }
}
