import { parentPort, workerData } from "node:worker_threads";

import { present } from "../../foundation/assert.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import type { Mutant } from "./mutant.ts";
import { patchModules } from "./patch-modules.ts";

/** What a thread is started with. */
export interface HuntWorkerData {
  /** Null for the sources as they are. */
  readonly mutant: Mutant | null;
  /** One number: how many seeds and candidates this thread has begun, so that others see whether it stands still. */
  readonly begun: SharedArrayBuffer;
}

export type HuntTask =
  | {
      readonly kind: "seeds";
      readonly profile: "quick" | "swarm";
      /** Seed number `n` is called `BASE-n`. */
      readonly base: string;
      readonly from: number;
      /** The first that is not run. */
      readonly to: number;
    }
  | { readonly kind: "shrink"; readonly plan: Plan; readonly failure: Failure; readonly forMsMax: number }
  | { readonly kind: "plan"; readonly plan: Plan };

/** The answer to `seeds`: the first that fails, or null. */
export interface FailingSeed {
  readonly number: number;
  readonly plan: Plan;
  readonly failure: Failure;
}

/** The answer to `shrink`. */
export interface ShrunkPlan {
  readonly plan: Plan;
  readonly failure: Failure | null;
  readonly runs: number;
  readonly tookMs: number;
}

const shrinkRunsMax = 100_000;

const { mutant, begun } = workerData as HuntWorkerData;
const counter = new Int32Array(begun);
const patches = mutant === null ? null : patchModules(mutant);
// Only now: whatever is loaded before the patches are in place is loaded as it is.
const { simulate: simulateAll } = await import("../simulator/simulate.ts");
const { planFor } = await import("../simulator/plan/profiles.ts");
const { shrink } = await import("../simulator/shrink/shrink.ts");
const unloaded = patches?.unloaded() ?? [];
if (unloaded.length > 0) {
  throw new Error(`The mutant ${mutant?.name} changes ${unloaded.join(", ")}, which the simulator does not load.`);
}
const simulate: typeof simulateAll = (plan, options) => {
  Atomics.add(counter, 0, 1);
  return simulateAll(plan, { digest: false, ...options });
};

const port = present(parentPort, "this runs in a worker thread");
port.on("message", (task: HuntTask) => port.postMessage(answer(task)));

function answer(task: HuntTask): FailingSeed | Failure | ShrunkPlan | null {
  if (task.kind === "seeds") return firstFailing(task);
  if (task.kind === "plan") return simulate(task.plan).failure;
  const { plan, failure, forMsMax } = task;
  const startedAt = performance.now();
  const tookMs = (): number => performance.now() - startedAt;
  const budget = { runsMax: shrinkRunsMax, giveUp: () => tookMs() > forMsMax };
  const found = shrink({ plan, failure, simulate, budget });
  return { plan: found.plan, failure: found.outcome.failure, runs: found.runs, tookMs: tookMs() };
}

function firstFailing({ profile, base, from, to }: Extract<HuntTask, { kind: "seeds" }>): FailingSeed | null {
  for (let number = from; number < to; number += 1) {
    const plan = planFor({ seed: `${base}-${number}`, profile });
    const { failure } = simulate(plan);
    if (failure !== null) return { number, plan, failure };
  }
  return null;
}
