import type { RunVerdict } from "../../protocol/verdict.ts";
import type { RunStage } from "../commands/run-stage.ts";
import { listenForInterruption } from "../interruption.ts";
import type { RunRequest } from "../runner.ts";

/** Runs scenarios of one stage. */
export interface Runner {
  readonly run: (request: RunRequest) => Promise<RunVerdict>;
  /** Aborted when the user interrupts; null where each run listens for that by itself. */
  readonly signal: AbortSignal | null;
  close(): Promise<void>;
}

/** Each is loaded where it is asked for: none needs what the others have. */
export async function openRunner(stage: RunStage, workers: number): Promise<Runner> {
  const alone = { signal: null, close: async () => undefined };
  if (stage === "host") return { run: (await import("../runner.ts")).runScenario, ...alone };
  if (workers === 1) return { run: (await import("../run-on-sim.ts")).runOnSim, ...alone };
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
