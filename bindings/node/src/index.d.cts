/** The name of an embedded scenario, a file (.yaml, .yml, .json), or the content of one. */
export type Scenario = string | URL | { rules?: unknown[]; [key: string]: unknown };

export interface ServerOptions {
  /** Fixture files or directories. Default: the embedded fixtures. */
  fixtures?: string | string[];
  /** Scenarios of all worlds: names or files. */
  scenarios?: string | string[];
  /** The seed of all random draws. */
  seed?: number;
  /** Serves HTTPS with a CA of its own, whose certificate is in the file `Server.ca`. */
  tls?: boolean;
  /** Further options of `standin serve`. */
  args?: string[];
  /** The program. Default: STANDIN, the package for this system, PATH. */
  binary?: string;
  /** How long the server may take to say where it serves, in milliseconds. Default: 10,000. */
  startTimeout?: number;
}

export interface WorldOptions {
  /** The beginning of the world's name, to which a number is added. */
  name?: string;
  scenario?: Scenario | Scenario[];
  /** The seed of all random draws. Default: that of the scenarios. */
  seed?: number;
}

export type VerdictName = "passed" | "not_met" | "failed" | "broken";

export interface Finding {
  code: string;
  message: string;
  fails: boolean;
  rule: string | null;
  atSeconds: number;
}

export interface Verdict {
  verdict: VerdictName;
  passed: boolean;
  requests: number;
  scenario: string;
  world: string;
  findings: Finding[];
  timeline: Record<string, unknown>[];
}

/** A request and its answer, as a serve event of WireMock. */
export interface ServeEvent {
  id: string;
  request: { method: string; url: string; headers: Record<string, unknown>; body: string; [key: string]: unknown };
  response: { status?: number; headers?: Record<string, unknown>; body?: string; [key: string]: unknown };
  wasMatched: boolean;
  [key: string]: unknown;
}

/** The server could not be started, or refused what was asked of it. */
export class StandinError extends Error {}

/** Clients did not behave as the scenarios of their world expect. The message is the report of the drill. */
export class VerdictError extends Error {}

/** A server on a free port of loopback. It ends with this process. */
export class Server {
  private constructor();
  /** Starts a server. Rejects with StandinError and the server's output when it does not serve. */
  static start(options?: ServerOptions): Promise<Server>;
  readonly binary: string;
  /** What requests to `/__admin` have to send, as `Authorization: Bearer TOKEN`: no client changes the server. */
  readonly adminToken: string;
  /** The URL of the default world. */
  readonly url: string;
  /** The URL below which /__admin answers whatever scenarios do to connections. */
  readonly adminUrl: string;
  /** The file with the CA's certificate, of a server with `tls`. */
  readonly ca: string | undefined;
  readonly isRunning: boolean;
  /** Makes a world: the server as it was at its start, for one test alone. */
  world(options?: WorldOptions): Promise<World>;
  /** The world of requests that name none. Scenarios about connections apply in it. */
  defaultWorld(): Promise<World>;
  /** The end of what the server printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A server of its own for one test: objects, scenarios, counters, tokens and clock. */
export class World {
  private constructor();
  readonly server: Server;
  readonly name: string;
  /** What clients use as the URL of the server. */
  readonly url: string;
  /** The path of a kubeconfig file. */
  readonly kubeconfig: string;
  /** The environment variables that a drill sets for a client, STANDIN_URL and KUBECONFIG among them. */
  readonly env: Record<string, string>;
  /** Calls an endpoint of the admin API for this world, such as ("POST", "clock/freeze"). */
  admin(method: string, endpoint: string, body?: unknown): Promise<any>;
  /** Replaces the scenarios. */
  setScenarios(scenarios: Scenario | Scenario[], options?: { seed?: number }): Promise<void>;
  /** The requests in the order in which they came. */
  requests(): Promise<ServeEvent[]>;
  /** A line for each request: method, URL, status, and what answered. */
  requestLog(): Promise<string>;
  /** Moves the clock forward. */
  advance(seconds: number): Promise<void>;
  /** Stops the clock. */
  freeze(): Promise<void>;
  /** Lets the clock run again. */
  release(): Promise<void>;
  /** Goes back to the fixtures. */
  reset(): Promise<void>;
  verdict(): Promise<Verdict>;
  /** The verdict as a drill prints it, with the timeline of the requests. */
  report(): Promise<string>;
  /** Rejects with VerdictError and the report of the drill, unless the verdict is `passed`. */
  assertPassed(options?: { allowNotMet?: boolean }): Promise<void>;
  delete(): Promise<void>;
}

/** The path of the program; throws StandinError with the places where it was looked for. */
export function findBinary(name?: string): string;
