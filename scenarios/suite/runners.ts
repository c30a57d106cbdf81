import type { RunVerdict } from "../../protocol/verdict.ts";
import { listenBetweenRuns, listenForInterruption } from "../interruption.ts";
import type { RunRequest } from "../runner.ts";
import type { RunStage } from "../steps/scenario.ts";

/** Runs scenarios of one stage. */
export interface Runner {
  readonly run: (request: RunRequest) => Promise<RunVerdict>;
  /** Aborted when the user interrupts, whether or not anything runs just then. */
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

/** Each is loaded where it is asked for: none needs what the others have. */
export async function openRunner(stage: RunStage, workers: number): Promise<Runner> {
  if (workers === 1) return oneByOne(stage);
  if (stage !== "sim") return await sideBySideOnHost(stage);
  const { openSimPool } = await import("./sim-pool.ts");
  const interruption = listenForInterruption({ deadlineMs: null, undoes: false });
  const pool = openSimPool(workers, interruption.signal);
  return {
    ...{ run: pool.run, signal: interruption.signal },
    async close() {
      await pool.close();
      interruption.close();
    },
  };
}

async function sideBySideOnHost(stage: "host" | "netns"): Promise<Runner> {
  const { openHostPool } = await import("./host-pool.ts");
  const interruption = listenBetweenRuns();
  const { signal } = interruption;
  return { run: openHostPool(stage, signal), signal, close: async () => interruption.close() };
}

async function oneByOne(stage: RunStage): Promise<Runner> {
  const interruption = listenBetweenRuns();
  return { run: await runOn(stage), signal: interruption.signal, close: async () => interruption.close() };
}

async function runOn(stage: RunStage): Promise<Runner["run"]> {
  if (stage === "sim") return (await import("../run-on-sim.ts")).runOnSim;
  const { runScenario } = await import("../runner.ts");
  return async (request) => await runScenario({ ...request, stage });
}
