package standin.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The options of the server of a test class. Classes with the same options share a server. */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.ANNOTATION_TYPE})
public @interface StandinOptions {
  /** Fixture files or directories. Default: the embedded fixtures. */
  String[] fixtures() default {};

  /** Whether to serve HTTPS, with a CA whose certificate is in the file {@link StandinServer#ca()}. */
  boolean tls() default false;

  /** Further options of {@code standin serve}, such as {@code --stages}. */
  String[] args() default {};
}
