import { parentPort, workerData } from "node:worker_threads";

import type { BrokerBody } from "../../../broker-sim/testing/model/broker-body.ts";
import type { ModelFailure } from "../../../broker-sim/testing/model/run-model.ts";
import type { Mutant } from "../mutant.ts";
import { patchModules } from "../patch-modules.ts";
import type { BodyName } from "./body-mutants.ts";

export interface ModelWorkerData {
  readonly mutant: Mutant;
  readonly bodies: readonly BodyName[];
  /** An address of its own on a real server. */
  readonly redis: string | null;
  readonly runs: number;
  readonly seed: number;
}

export interface ModelFinding {
  readonly body: BodyName;
  readonly failure: ModelFailure | null;
  /** The same, played again by what the failure printed. */
  readonly again: ModelFailure | null;
}

const { mutant, bodies, redis, runs, seed } = workerData as ModelWorkerData;
const patches = patchModules(mutant);
// Only now: whatever is loaded before the patches are in place is loaded as it is.
const { CoreBody } = await import("../../../broker-sim/testing/model/core-body.ts");
const { ServiceBody } = await import("../../../broker-sim/testing/model/service-body.ts");
const { askedReplay, runModel } = await import("../../../broker-sim/testing/model/run-model.ts");
const { RedisHome, SqliteHome, memoryHome } = await import("../../../broker-sim/testing/model/store-home.ts");

const starts: Readonly<Record<BodyName, () => Promise<BrokerBody>>> = {
  core: async () => new CoreBody(),
  memory: async () => await ServiceBody.start(memoryHome()),
  sqlite: async () => await ServiceBody.start(new SqliteHome()),
  redis: async () => await ServiceBody.start(new RedisHome(redis ?? "")),
};
const findings: ModelFinding[] = [];
for (const body of bodies) {
  const run = { name: body, start: starts[body], runs, seed };
  const failure = await runModel(run);
  const again = failure === null ? null : await runModel({ ...run, replay: askedReplay(failure.replay) });
  findings.push({ body, failure, again });
}
const unloaded = patches.unloaded();
if (unloaded.length > 0)
  throw new Error(`The mutant ${mutant.name} changes ${unloaded.join(", ")}, which nothing loads.`);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(findings);
