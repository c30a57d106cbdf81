import { rmSync } from "node:fs";
import { join } from "node:path";

import { ExitCode } from "../../../foundation/exit-codes.ts";
import type { RunVerdict } from "../../../protocol/verdict.ts";
import { runOptions } from "../../config.ts";
import type { Runner } from "../../suite/runners.ts";
import type { Scenario } from "../../steps/scenario.ts";
import type { Mutant } from "../../zoo/mutant.ts";
import type { Play } from "./judge-pair.ts";

const plant = new URL("../testing/plant-on-load.ts", import.meta.url).href;

interface PlayScenario {
  readonly scenario: Scenario;
  /** None for agent and broker as they are. */
  readonly bugs: readonly Mutant[];
  readonly runner: Runner;
  /** Where run directories lie. */
  readonly runs: string;
}

/** Plays a scenario on real processes whose program has the bugs. */
export async function playWith({ scenario, bugs, runner, runs }: PlayScenario): Promise<RunVerdict> {
  const options = runOptions(scenario, {}, "planted");
  const commands =
    bugs.length === 0
      ? {}
      : { agentCommand: planted(options.agentCommand, bugs), brokerCommand: planted(options.brokerCommand, bugs) };
  const request = { scenario, options: { ...options, ...commands }, runs, reporters: [], reproduce: "" };
  const verdict = await runner.run(request);
  // Its snapshot of the host alone takes megabytes. Of what could not be undone the directory holds the ledger.
  if (verdict.cleanUp.notUndone.length === 0) rmSync(join(runs, verdict.run), { recursive: true, force: true });
  return verdict;
}

/** The command of one of our own programs, which Node runs, with what plants the bugs loaded before it. */
function planted([node = "", ...rest]: readonly string[], bugs: readonly Mutant[]): string[] {
  return [node, "--import", `${plant}?${bugs.map(({ name }) => `bug=${name}`).join("&")}`, ...rest];
}

type Judged = Pick<RunVerdict, "lifecycle" | "expectations" | "error" | "residue" | "cleanUp" | "exitCode">;

/** What a run has against agent, broker and job; what somebody else does to this host meanwhile is nothing to it. */
export function playOf({ lifecycle, expectations, error, residue, cleanUp, exitCode }: Judged): Play {
  const [stuck] = cleanUp.notUndone;
  if (stuck !== undefined) return { came: "spoilt", why: `${stuck.what} could not be undone: ${stuck.finishWith}` };
  if (exitCode === ExitCode.harnessBug) return { came: "spoilt", why: error ?? "the harness has a bug" };
  const left = residue?.findings.find(({ attribution: { to } }) => to === "agent" || to === "job");
  if (lifecycle === "pass" && left === undefined) {
    return residue === null ? { came: "spoilt", why: "nobody looked at the host afterwards" } : { came: "passed" };
  }
  if (lifecycle === "pass") return { came: "complained", says: `residue: ${left?.subject}`, isFail: true };
  const broken =
    expectations.find(({ result }) => result === "fail") ?? expectations.find(({ result }) => result !== "pass");
  return { came: "complained", says: error ?? `${broken?.id}: ${broken?.detail}`, isFail: lifecycle === "fail" };
}
