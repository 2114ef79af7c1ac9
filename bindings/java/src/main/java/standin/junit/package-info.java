/**
 * Standin, a stand-in for an API server, in tests with JUnit 5.
 *
 * <p>{@link standin.junit.StandinTest} is a test with a {@link standin.junit.StandinWorld} of its own, and with the
 * verdict on its clients at its end. {@link standin.junit.StandinServer} is the same without JUnit.
 */
package standin.junit;
