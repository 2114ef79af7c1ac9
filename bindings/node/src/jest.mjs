import helpers from "./jest.cjs";

export const { standinTest, useServer } = helpers;
