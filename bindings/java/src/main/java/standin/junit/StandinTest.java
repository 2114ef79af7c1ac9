package standin.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test with a world of its own, which a parameter of the type {@link StandinWorld} gets.
 *
 * <p>With a scenario the test fails at its end unless the verdict on its clients is {@code passed}; the message is the
 * report of the drill.
 */
@Documented
@Test
@ExtendWith(StandinExtension.class)
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
public @interface StandinTest {
  /** The scenarios of the world: names of embedded ones, or files ({@code .yaml}, {@code .yml}, {@code .json}). */
  String[] scenario() default {};

  /** The seed of all random draws; below 0 that of the scenarios. */
  long seed() default -1;

  /** Whether the verdict is asserted at the end of a test with a scenario. */
  boolean verdict() default true;

  /** Whether a client that did not meet the faults of the scenarios is accepted. */
  boolean allowNotMet() default false;
}
