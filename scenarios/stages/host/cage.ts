import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { enableControllers } from "../../../agent/sandbox/job-limits.ts";
import { StepError } from "../../steps/step-error.ts";
import { type LimitController, limitedBy } from "../../needs/limit-place.ts";
import type { HostStage } from "./host-stage.ts";
import type { MadeCage } from "./made-cage.ts";

/** What an agent and all its jobs may take of the host together, whatever they do: held by the kernel. */
export interface Cage {
  readonly processesMax?: number | undefined;
  readonly memoryMib?: number | undefined;
}

const files = {
  1: { pids: "pids.max", memory: "memory.limit_in_bytes" },
  2: { pids: "pids.max", memory: "memory.max" },
} as const;

/**
 * Makes the cage that an agent is to be started in. Hostile jobs run in one, so that this machine is safe even if the
 * agent does nothing against them. Each directory is registered for undoing before it is made.
 *
 * @throws StepError `no-cage`; scenarios name what they need of the machine, so that it does not come to this
 */
export function makeCage(stage: HostStage, name: string, { processesMax, memoryMib }: Cage): MadeCage {
  const made = new Map<LimitController, string>();
  if (processesMax !== undefined) made.set("pids", makeLimit(stage, name, { controller: "pids", most: processesMax }));
  if (memoryMib !== undefined) {
    made.set("memory", makeLimit(stage, name, { controller: "memory", most: memoryMib * 1024 ** 2 }));
  }
  return made;
}

/** How often a job in the cage was refused a process, or was ended for want of memory; by the kernel's own count. */
export function cageHits(made: MadeCage, controller: LimitController): number {
  const path = made.get(controller);
  if (path === undefined) return 0;
  if (controller === "pids") return countIn(join(path, "pids.events"), "max");
  return Math.max(
    countIn(join(path, "memory.oom_control"), "oom_kill"),
    countIn(join(path, "memory.events"), "oom_kill"),
  );
}

function makeLimit(
  stage: HostStage,
  name: string,
  { controller, most }: { readonly controller: LimitController; readonly most: number },
): string {
  const { options, cgroup, hostile } = stage;
  const place = limitedBy(controller);
  const own = stage.cgroupOf(name);
  if (place === null || (place.version === 2 && own === undefined)) throw noCage(controller);
  // Of version 2 the run's own cgroup holds the agent already, and is the cage.
  const path =
    place.version === 1 || own === undefined ? join(place.path, `houseguest-cage-${options.id}-${name}`) : own;
  if (place.version === 1) {
    options.ledger.register({ undo: "remove-cgroup", path });
    hostile.cages.push(path);
  } else if (cgroup !== undefined) enableControllers(cgroup);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, files[place.version][controller]), String(most));
  return path;
}

function noCage(controller: LimitController): StepError {
  return new StepError(`No cgroup limits ${controller} here, and without one no hostile job is started.`, {
    code: "no-cage",
    next: "`scenarios list` says what this machine needs for it.",
  });
}

function countIn(path: string, name: string): number {
  try {
    const line = readFileSync(path, "utf8")
      .split("\n")
      .find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  } catch {
    // The other version's file, or the cage is gone.
    return 0;
  }
}
