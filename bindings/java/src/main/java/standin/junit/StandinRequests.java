package standin.junit;

/** The requests of a world, in the stack trace of a failed test. */
final class StandinRequests extends Exception {
  private static final long serialVersionUID = 1L;

  StandinRequests(String requests) {
    super("standin requests:\n" + requests, null, false, false);
  }

  @Override
  public String toString() {
    return getMessage();
  }
}
