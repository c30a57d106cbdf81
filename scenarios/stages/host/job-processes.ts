import { cgroupPids } from "../../../agent/sandbox/cgroup.ts";
import type { HostStage } from "./host-stage.ts";
import { allPids, type ProcessStat, processStat } from "./proc.ts";

/**
 * Every process that an agent's jobs have now, their enclosures included, by whatever the host tells: who is in the
 * agent's cgroup, who is in its cage, and who descends from it. The agent adopts its jobs' orphans where no namespace
 * keeps them, so that whoever cleared its environment and left its session is found by descent without any cgroup.
 */
export function jobProcesses(stage: HostStage, name: string): ProcessStat[] {
  const { actor } = stage.agent(name);
  const pids = new Set(heldPids(stage, name));
  for (const pid of descendantsOf(actor.pid)) pids.add(pid);
  pids.delete(actor.pid);
  const alive = [...pids]
    .flatMap((pid) => processStat(pid) ?? [])
    .filter(({ state }) => state !== "Z" && state !== "X");
  const watched = stage.hostile.watched.get(name) ?? new Map<number, string>();
  stage.hostile.watched.set(name, watched);
  for (const { pid, startTime } of alive) watched.set(pid, startTime);
  return alive;
}

/** Whoever is in the cgroups that the harness made for the agent. */
export function heldPids(stage: HostStage, name: string): number[] {
  const own = stage.cgroupOf(name);
  const paths = [...(own === undefined ? [] : [own]), ...(stage.hostile.cageOf.get(name)?.values() ?? [])];
  return paths.flatMap(cgroupPids);
}

function descendantsOf(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = processStat(pid)?.parentPid;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const found: number[] = [];
  for (let next = children.get(ancestor) ?? []; next.length > 0; ) {
    found.push(...next);
    next = next.flatMap((pid) => children.get(pid) ?? []);
  }
  return found;
}
