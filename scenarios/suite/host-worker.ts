import { resolve } from "node:path";

import type { RunVerdict } from "../../protocol/verdict.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import type { RunOptions } from "../config.ts";
import { loadScenario } from "../loading/load-scenario.ts";
import { runScenario } from "../runner.ts";

/** What a process of its own is asked to run. */
export interface HostTask {
  readonly scenario: string;
  /** In which it was defined, if that was a user's. */
  readonly file: string | undefined;
  readonly options: RunOptions;
  readonly runs: string;
  readonly reproduce: string;
  readonly keep: boolean;
}

export interface HostAnswer {
  readonly verdict: RunVerdict;
  readonly directory: string;
}

/** Whoever asked is gone: this run ends as if it had been asked to, and undoes what it did. */
const onOrphaned = (): void => void process.kill(process.pid, "SIGTERM");

process.once("message", (task: HostTask) => void answer(task));
process.once("disconnect", onOrphaned);

async function answer({ scenario, file, options, runs, reproduce, keep }: HostTask): Promise<void> {
  const meant = file === undefined ? scenarioNamed(scenario) : await loadScenario(file, { whole: true });
  const verdict = await runScenario({ scenario: meant, options, runs, reporters: [], reproduce, keep });
  process.off("disconnect", onOrphaned);
  process.send?.({ verdict, directory: resolve(runs, verdict.run) } satisfies HostAnswer);
  process.disconnect();
}
