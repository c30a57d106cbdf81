import { patchModules } from "../../zoo/patch-modules.ts";
import type { Mutant } from "../../zoo/mutant.ts";

/** So often the bug's own scenario repeats what it repeats: enough for one that begins with the 64th. */
const cyclesOwn = 70;
const cyclesOfOthers = 5;

interface Hunt {
  readonly mutant: Mutant;
  readonly runs: string;
  /** Which scenarios to play beside the bug's own, by name. */
  readonly others: readonly string[];
}

const { mutant, runs, others } = JSON.parse(process.argv[2] ?? "") as Hunt;
// Before all else: what is loaded once cannot be patched any more.
const { unloaded } = patchModules(mutant);
const { catalog } = await import("../catalog.ts");
const { scenarioOfBug } = await import("../planted-name.ts");
const { runOptions } = await import("../../config.ts");
const { runOnSim } = await import("../../run-on-sim.ts");

/** The scenarios that do not pass, with the first reason of each. */
const caught: { readonly scenario: string; readonly why: string }[] = [];
const own = scenarioOfBug(mutant.name);
const played = new Set([own, ...others]);
for (const scenario of catalog.filter(({ name }) => played.has(name))) {
  const cycles = Math.min(scenario.name === own ? cyclesOwn : cyclesOfOthers, scenario.defaults.cycles);
  const options = runOptions(scenario, { cycles }, "planted");
  const verdict = await runOnSim({ scenario, options, runs, reporters: [], reproduce: "" });
  if (verdict.exitCode === 0) continue;
  const broken = verdict.expectations.find(({ result }) => result !== "pass");
  caught.push({ scenario: scenario.name, why: verdict.error ?? `${broken?.id}: ${broken?.detail}` });
}
process.stdout.write(JSON.stringify({ caught, unloaded: unloaded() }));
