package standin.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void valuesAreRead() {
    assertEquals(Map.of(), Json.parse(" { } "));
    assertEquals(Map.of("a", List.of(1L, -2.5, 1e3), "b", true), Json.parse("{\"a\": [1, -2.5, 1e3], \"b\": true}"));
    assertEquals(Arrays.asList(null, false, "x"), Json.parse("[null,false,\"x\"]"));
    assertEquals("\"\\/\n\t→\uD83D\uDE00", Json.parse("\"\\\"\\\\\\/\\n\\t\\u2192\\ud83d\\ude00\""));
  }

  @Test
  void whatIsNoJsonIsRefused() {
    for (String text : List.of("", "{", "[1 2]", "{\"a\" 1}", "tru", "\"open", "1 2", "--", "\"\\u12")) {
      assertThrows(IllegalArgumentException.class, () -> Json.parse(text), text);
    }
  }

  @Test
  void textsAreQuoted() {
    assertEquals("\"a\\\"b\\\\c\\u000a\"", Json.quote("a\"b\\c\n"));
    assertEquals("ü\u0001\"", Json.parse(Json.quote("ü\u0001\"")));
  }
}
