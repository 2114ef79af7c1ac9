package standin.junit;

import java.lang.reflect.AnnotatedElement;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives tests their worlds. {@link StandinTest} brings it along; {@code @ExtendWith(StandinExtension.class)} on a class
 * gives other kinds of tests, such as parameterized ones, parameters of the type {@link StandinWorld}.
 */
public final class StandinExtension
    implements BeforeEachCallback, AfterTestExecutionCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(StandinExtension.class);

  /** The options of a server, by which classes share it. */
  private record ServerKey(List<String> fixtures, boolean tls, List<String> args) {
    static ServerKey of(Optional<Class<?>> testClass) {
      return AnnotationSupport.findAnnotation(testClass, StandinOptions.class)
          .map(o -> new ServerKey(List.of(o.fixtures()), o.tls(), List.of(o.args())))
          .orElse(new ServerKey(List.of(), false, List.of()));
    }

    Shared start() {
      StandinServer.Builder builder = StandinServer.builder().args(args.toArray(String[]::new));
      fixtures.forEach(path -> builder.fixtures(Path.of(path)));
      return new Shared(builder.tls(tls).start());
    }
  }

  /** A server that ends with the run of all tests. */
  private record Shared(StandinServer server) implements Store.CloseableResource {
    @Override
    public void close() {
      server.close();
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (annotation(context).isPresent()) {
      world(context);
    }
  }

  /** Asserts the verdict within the test. A failure of the test itself comes first. */
  @Override
  public void afterTestExecution(ExtensionContext context) {
    annotation(context)
        .filter(test -> test.verdict() && test.scenario().length > 0)
        .filter(test -> context.getExecutionException().isEmpty())
        .ifPresent(test -> world(context).assertPassed(test.allowNotMet()));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    StandinWorld world = context.getStore(NAMESPACE).remove(StandinWorld.class, StandinWorld.class);
    if (world == null) {
      return;
    }
    context.getExecutionException().ifPresent(failure -> failure.addSuppressed(new StandinRequests(world.seen())));
    if (world.server().isRunning()) {
      world.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == StandinServer.class || type == StandinWorld.class && context.getTestMethod().isPresent();
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == StandinServer.class ? server(context) : world(context);
  }

  private static StandinWorld world(ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(StandinWorld.class, key -> make(context), StandinWorld.class);
  }

  private static StandinWorld make(ExtensionContext context) {
    String name = context.getTestMethod().map(method -> method.getName()).orElse("test");
    StandinWorld world = server(context).world(name);
    annotation(context)
        .filter(test -> test.scenario().length > 0)
        .ifPresent(test -> world.setScenarios(Arrays.asList(test.scenario()), test.seed()));
    return world;
  }

  private static StandinServer server(ExtensionContext context) {
    ServerKey options = ServerKey.of(context.getTestClass());
    Store store = context.getRoot().getStore(NAMESPACE);
    return store.getOrComputeIfAbsent(options, ServerKey::start, Shared.class).server();
  }

  private static Optional<StandinTest> annotation(ExtensionContext context) {
    Optional<AnnotatedElement> element = context.getElement();
    return AnnotationSupport.findAnnotation(element, StandinTest.class);
  }
}
