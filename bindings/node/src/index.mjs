import standin from "./index.cjs";

export const { Server, World, StandinError, VerdictError, findBinary } = standin;
