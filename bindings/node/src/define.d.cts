import type { Scenario, ServerOptions, World } from "./index.cjs";

export interface TestOptions {
  /** Scenarios of the test's world. */
  scenario?: Scenario | Scenario[];
  /** The seed of all random draws. Default: that of the scenarios. */
  seed?: number;
  /** Whether the test fails unless the verdict on its clients is `passed`. Default: true for a test with a scenario. */
  verdict?: boolean;
  /** Accepts a client that did not meet the faults of the scenarios. */
  allowNotMet?: boolean;
  /** The time limit of the test, in milliseconds. Default: that of the framework. */
  timeout?: number;
}

export interface Define<Context extends unknown[]> {
  (name: string, run: (world: World, ...context: Context) => unknown): void;
  (name: string, options: TestOptions, run: (world: World, ...context: Context) => unknown): void;
}

/** A test with a world of its own. */
export interface StandinTest<Context extends unknown[]> extends Define<Context> {
  only: Define<Context>;
  skip: Define<Context>;
}

/** Sets the options of the server of this file; to be called before the first test. */
export type UseServer = (options: ServerOptions) => void;
