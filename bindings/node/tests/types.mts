// What the types allow; tsc checks it.

import { Server, type ServeEvent, VerdictError, type World } from "standin";
import { standinTest, useServer } from "standin/node-test";
import { standinTest as inJest } from "standin/jest";
import { standinTest as inVitest } from "standin/vitest";

export async function use(): Promise<ServeEvent[]> {
  const server = await Server.start({ fixtures: "fixtures", tls: true });
  const world: World = await server.world({ scenario: ["throttled", { rules: [] }], seed: 1 });
  await world.assertPassed({ allowNotMet: true });
  const kubeconfig: string = world.kubeconfig;
  // @ts-expect-error A world has no such property.
  world.kubeConfig;
  // @ts-expect-error Seconds are a number.
  await world.advance("30s");
  return kubeconfig ? world.requests() : [];
}

useServer({ args: ["--stages"] });
standinTest("jobs", { scenario: "throttled" }, async (world, context) => context.diagnostic(world.url));
standinTest.only("jobs", (world) => world.freeze());
inJest("jobs", { timeout: 10_000 }, async (world) => world.env.KUBECONFIG);
inVitest("jobs", async (world, { task }) => console.log(task.name, world.url));
// @ts-expect-error An option that is not there.
inVitest("jobs", { scenarios: "throttled" }, async () => {});
export const isVerdict = (error: unknown) => error instanceof VerdictError;
