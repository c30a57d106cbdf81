import type { Skipped } from "../../protocol/suite.ts";
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
  netns: ["linux", "node", "temporary-place", "disk-space", "network-namespace"],
  sim: ["node"],
};

/** What can be broken on purpose, and why it cannot be here. */
export interface FaultHere {
  readonly kind: string;
  /** Null where it can be. */
  readonly missing: Skipped | null;
}

export interface Question {
  readonly probes: readonly Probe[];
  readonly catalog: readonly Scenario[];
  readonly faults: readonly FaultHere[];
  /** What a scenario, or a fault of its steps, needs and this machine has not. */
  readonly cannotRun: (scenario: Scenario, stage: string) => Skipped | null;
}

/** Tries everything, and says of each stage, scenario and fault whether this machine and user can run it. */
export async function diagnose({ probes, catalog, faults, cannotRun }: Question): Promise<Diagnosis> {
  const probed = await probeAll(probes);
  const stages = Object.entries(neededByStage).map(([name, needed]): Ability => {
    const lacking = probed.filter(({ name, status }) => status === "no" && needed.includes(name));
    const missing = lacking.map(({ name, detail }) => `${name}: ${detail}`);
    return { name, stage: null, missing, remedies: lacking.map(({ remedy }) => remedy) };
  });
  const broken = faults.map(({ kind, missing }): Ability => {
    const lacking = missing === null ? [] : [missing];
    const words = { missing: lacking.map(({ why }) => why), remedies: lacking.map(({ remedy }) => remedy) };
    return { name: kind, stage: "host", ...words };
  });
  const scenarios = catalog.flatMap((scenario) =>
    scenario.stages.map((stage): Ability => {
      const needed = stages.filter(({ name, missing }) => name === stage && missing.length > 0);
      const own = cannotRun(scenario, stage);
      return {
        ...{ name: scenario.name, stage },
        missing: [
          ...needed.map(({ name, missing }) => `${name} (${missing.join("; ")})`),
          ...(own === null ? [] : [own.why]),
        ],
        remedies: [...new Set([...needed.flatMap(({ remedies }) => remedies), ...(own === null ? [] : [own.remedy])])],
      };
    }),
  );
  return { version: 1, probes: probed, stages, scenarios, faults: broken };
}
