import type { Skipped } from "../../protocol/suite.ts";
import type { Scenario } from "../steps/scenario.ts";
import { faultsMissing } from "../faults/faults-missing.ts";
import { storeServerMissing } from "./store-server.ts";
import { missing } from "./needs.ts";

type Runnable = Pick<Scenario, "stages" | "needs" | "steps" | "defaults" | "store">;

/** Why a scenario cannot be run on that stage of this machine, and what would make it possible; null where it can. */
export function cannotRun({ stages, needs = [], steps, defaults, store }: Runnable, stage: string): Skipped | null {
  if (!stages.some((one) => one === stage)) {
    const remedy = `Run it with --stage ${stages.join(" or --stage ")}.`;
    return { why: `It is not for the stage ${stage}.`, remedy };
  }
  // A modelled host has whatever it needs.
  if (stage === "sim") return null;
  const all = stage === "netns" ? [...needs, "own-network" as const] : needs;
  const absent = [...all.map(missing).filter((one) => one !== null), ...faultsMissing(steps(defaults))];
  const server = store === "redis" ? storeServerMissing() : null;
  if (server !== null) absent.push(server);
  if (absent.length === 0) return null;
  return { why: absent.map(({ why }) => why).join(" "), remedy: absent.map(({ remedy }) => remedy).join(" ") };
}
