package standin.junit;

/** The server could not be started, or refused what was asked of it. */
public class StandinException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StandinException(String message) {
    super(message);
  }

  StandinException(String message, Throwable cause) {
    super(message, cause);
  }
}
