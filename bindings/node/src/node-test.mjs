import helpers from "./node-test.cjs";

export const { standinTest, useServer } = helpers;
