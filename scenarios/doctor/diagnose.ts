import type { Scenario } from "../steps/scenario.ts";
import type { Probe, Probed } from "./probe.ts";
import { probeAll } from "./probe.ts";

/** Something of the catalogue that cannot run here, or can. */
export interface Ability {
  readonly name: string;
  /** On which stage; null for a stage itself. */
  readonly stage: string | null;
  /** What it lacks, as sentences; empty where it can run. */
  readonly missing: readonly string[];
  /** The commands that would make it possible. */
  readonly remedies: readonly string[];
}

export interface Diagnosis {
  readonly version: 1;
  readonly probes: readonly Probed[];
  readonly stages: readonly Ability[];
  readonly scenarios: readonly Ability[];
  readonly faults: readonly Ability[];
}

/** What a stage cannot do without. What else is missing makes runs on it see or promise less. */
const neededByStage: Readonly<Record<Scenario["stages"][number], readonly string[]>> = {
  host: ["linux", "node", "temporary-place", "disk-space", "loopback"],
  sim: ["node"],
};

/** What can be broken on purpose, and why it cannot be here. */
export interface FaultHere {
  readonly kind: string;
  /** Undefined where it can be. */
  readonly missing: string | undefined;
}

export interface Question {
  readonly probes: readonly Probe[];
  readonly catalog: readonly Scenario[];
  readonly faults: readonly FaultHere[];
  /** The kinds of faults that a scenario's steps name. */
  readonly faultsOf: (scenario: Scenario) => readonly string[];
}

/** Tries everything, and says of each stage, scenario and fault whether this machine and user can run it. */
export async function diagnose({ probes, catalog, faults, faultsOf }: Question): Promise<Diagnosis> {
  const probed = await probeAll(probes);
  const stages = Object.entries(neededByStage).map(([name, needed]): Ability => {
    const lacking = probed.filter(({ name, status }) => status === "no" && needed.includes(name));
    const missing = lacking.map(({ name, detail }) => `${name}: ${detail}`);
    return { name, stage: null, missing, remedies: lacking.map(({ remedy }) => remedy) };
  });
  const broken = faults.map(({ kind, missing }): Ability => {
    const remedies = missing === undefined ? [] : probed.filter(isMeant(missing)).map(({ remedy }) => remedy);
    return { name: kind, stage: "host", missing: missing === undefined ? [] : [missing], remedies };
  });
  const scenarios = catalog.flatMap((scenario) =>
    scenario.stages.map((stage): Ability => {
      const needed = [
        ...stages.filter(({ name }) => name === stage),
        ...(stage === "sim" ? [] : broken.filter(({ name }) => faultsOf(scenario).includes(name))),
      ].filter(({ missing }) => missing.length > 0);
      return {
        ...{ name: scenario.name, stage },
        missing: needed.map(({ name, missing }) => `${name} (${missing.join("; ")})`),
        remedies: [...new Set(needed.flatMap(({ remedies }) => remedies))],
      };
    }),
  );
  return { version: 1, probes: probed, stages, scenarios, faults: broken };
}

/** A fault says in words what it lacks; the probe of that name knows how to get it. */
function isMeant(missing: string): (probed: Probed) => boolean {
  return ({ name, status }) => status !== "ok" && missing.toLowerCase().includes(name);
}
