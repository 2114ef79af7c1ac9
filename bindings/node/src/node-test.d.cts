import type { TestContext } from "node:test";
import type { StandinTest, UseServer } from "./define.cjs";

export const standinTest: StandinTest<[context: TestContext]>;
export const useServer: UseServer;
