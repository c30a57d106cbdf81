import type { Skipped } from "../../protocol/suite.ts";
import type { Scenario } from "../steps/scenario.ts";
import { faultsMissing } from "../faults/faults-missing.ts";
import { storeServerMissing } from "./store-server.ts";
import { missing } from "./needs.ts";

/** Why this machine cannot run a scenario on that stage, and what would make it possible; null where it can. */
export function cannotRun(
  { needs = [], steps, defaults, store }: Pick<Scenario, "needs" | "steps" | "defaults" | "store">,
  stage: string,
): Skipped | null {
  // A modelled host has whatever it needs.
  if (stage === "sim") return null;
  const all = stage === "netns" ? [...needs, "own-network" as const] : needs;
  const absent = [...all.map(missing).filter((one) => one !== null), ...faultsMissing(steps(defaults))];
  const server = store === "redis" ? storeServerMissing() : null;
  if (server !== null) absent.push(server);
  if (absent.length === 0) return null;
  return { why: absent.map(({ why }) => why).join(" "), remedy: absent.map(({ remedy }) => remedy).join(" ") };
}
