import { randomInt } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type RedisForTests, findRedis, forgetNamespace, ownNamespace } from "../../broker-sim/testing/find-redis.ts";
import { timesVariable } from "../../broker-sim/testing/model/run-model.ts";
import type { Mutant } from "./mutant.ts";
import { readMutants } from "./read-mutants.ts";
import { type BodyName, bodyMutants, coreMutants } from "./testing/body-mutants.ts";
import type { ModelFinding, ModelWorkerData } from "./testing/model-worker.ts";

/** Runs in which a planted bug must show; most take fewer than ten. */
const runs = 300;
/** Each takes a thread that loads everything anew: two of a kind say enough for every change, the night hunts all. */
const huntedMax = process.env[timesVariable] === undefined ? 2 : Infinity;

let redis: RedisForTests | string;

beforeAll(async () => {
  redis = await findRedis(["--appendfsync", "no"]);
});
afterAll(async () => {
  if (typeof redis !== "string") await redis.stop();
});

/** What the model finds in each of these bodies, or that it finds nothing. */
async function hunt(mutant: Mutant, bodies: readonly BodyName[]): Promise<ModelFinding[]> {
  const url = typeof redis === "string" ? null : ownNamespace(redis.url);
  const there = bodies.filter((body) => body !== "redis" || url !== null);
  const data: ModelWorkerData = { mutant, bodies: there, redis: url, runs, seed: randomInt(2 ** 31) };
  const worker = new Worker(new URL("testing/model-worker.ts", import.meta.url), { workerData: data });
  try {
    const [findings] = await once(worker, "message");
    return findings as ModelFinding[];
  } finally {
    await worker.terminate();
    if (url !== null) await forgetNamespace(url);
  }
}

/** Those in which it was found, and found again by what was printed: by the same commands, in the first run. */
function found(findings: readonly ModelFinding[]): BodyName[] {
  return findings.flatMap(({ body, failure, again }) => {
    const isSame = again?.runs === 1 && again.commands === failure?.commands && again.error === failure.error;
    return failure !== null && isSame ? [body] : [];
  });
}

describe("the model of the broker finds a bug that was planted", { timeout: 600_000 }, () => {
  test.for(coreMutants.slice(0, huntedMax))("in the reducer, in each of its bodies: %s", async (name) => {
    const [mutant] = await readMutants([name]);
    const findings = await hunt(mutant!, ["core", "memory", "sqlite", "redis"]);
    expect(found(findings), JSON.stringify(findings)).toEqual(findings.map(({ body }) => body));
    expect(findings.length).toBeGreaterThanOrEqual(3);
  });

  test.for(bodyMutants.slice(0, huntedMax))("in the body or a store: $name", async (mutant, context) => {
    if (mutant.in.every((body) => body === "redis") && typeof redis === "string") return context.skip(redis);
    const findings = await hunt(mutant, mutant.in);
    expect(found(findings), JSON.stringify(findings)).toEqual(findings.map(({ body }) => body));
    expect(findings.length).toBeGreaterThanOrEqual(1);
  });
});
