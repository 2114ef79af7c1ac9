import type { StandinTest, UseServer } from "./define.cjs";

export const standinTest: StandinTest<[]>;
export const useServer: UseServer;
