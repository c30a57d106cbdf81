import { parentPort, workerData } from "node:worker_threads";

import { patchModules } from "../../zoo/patch-modules.ts";
import type { Mutant } from "../../zoo/mutant.ts";

/** So often the bug's own scenario repeats what it repeats: enough for one that begins with the 64th. */
const cyclesOwn = 70;
const cyclesOfOthers = 5;

const { mutant, runs } = workerData as { readonly mutant: Mutant; readonly runs: string };
// Before all else: what is loaded once cannot be patched any more.
const { unloaded } = patchModules(mutant);
const { catalog } = await import("../catalog.ts");
const { runOptions } = await import("../../config.ts");
const { runOnSim } = await import("../../run-on-sim.ts");

/** The scenarios that do not pass, with the first reason of each. */
const caught: { readonly scenario: string; readonly why: string }[] = [];
for (const scenario of catalog.filter(({ stages }) => stages.includes("sim"))) {
  const cycles = Math.min(scenario.name === mutant.name ? cyclesOwn : cyclesOfOthers, scenario.defaults.cycles);
  const options = runOptions(scenario, { cycles }, "planted");
  const verdict = await runOnSim({ scenario, options, runs, reporters: [], reproduce: "" });
  if (verdict.exitCode === 0) continue;
  const broken = verdict.expectations.find(({ result }) => result !== "pass");
  caught.push({ scenario: scenario.name, why: verdict.error ?? `${broken?.id}: ${broken?.detail}` });
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage({ caught, unloaded: unloaded() });
