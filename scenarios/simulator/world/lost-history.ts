import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { World } from "./world.ts";

/**
 * Notes that the broker died before it told of these steps, which are in its store: checkers expect nothing to be said
 * of the jobs and agents that they are about.
 */
export function noteLostHistory(world: World, untold: Iterable<Effect>): void {
  const subjects = new Set<string>();
  for (const effect of untold) {
    if (effect.kind !== "history") continue;
    const { data } = effect.entry;
    if ("commandId" in data) subjects.add(data.commandId);
    if ("jobId" in data) subjects.add(data.jobId);
    if ("executionId" in data && data.executionId !== null) subjects.add(data.executionId);
    if ("agentId" in data && typeof data.agentId === "string") subjects.add(data.agentId);
  }
  if (subjects.size === 0) return;
  world.record(world.harness, "fault.applied", {
    fault: "lose-history",
    target: "broker",
    detail: "what was decided last is in the store and was not told",
    subjects: [...subjects].sort(),
  });
}
