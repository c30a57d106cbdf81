import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

import * as z from "zod";

import { jobEnvironment } from "../../../protocol/job-environment.ts";
import type { Misbehaviour } from "../../jobs/behaviours.ts";
import { cageHits } from "./cage.ts";
import type { HostStage } from "./host-stage.ts";
import { heldPids, jobProcesses } from "./job-processes.ts";
import { processEnvironment, type ProcessStat } from "./proc.ts";

/** What is seen of jobs that misbehave, from outside of them and of their agent. */
export interface SeenMisbehaviour {
  readonly jobs: number;
  readonly processes: number;
  /** By what it is seen. */
  readonly detail: string;
}

type Look = (stage: HostStage, agent: string) => SeenMisbehaviour | Promise<SeenMisbehaviour>;

/** How far apart two listings of a job's processes are, which are to have little in common. */
const respawnMs = 50;
/** Of four chains; less may be what any job's processes do. */
const respawnedMin = 3;

/** How each kind of misbehaviour shows. */
export const looks: Readonly<Record<Misbehaviour, Look>> = {
  "ignores-sigterm": (stage, agent) => {
    const deaf = jobProcesses(stage, agent).filter(({ pid }) => ignores(pid, "SIGTERM"));
    const leases = new Set(deaf.map(leaseOf));
    return { jobs: leases.size, processes: deaf.length, detail: "SIGTERM is in the SigIgn of their /proc/PID/status" };
  },
  daemonises: (stage, agent) => {
    const escaped = jobProcesses(stage, agent).filter((one) => one.sessionId === one.pid && leaseOf(one) === undefined);
    const detail = "they lead sessions of their own, and nothing in their environment says whose they are";
    return { jobs: escaped.length, processes: escaped.length, detail };
  },
  "fork-bombs": (stage, agent) => {
    const refused = cageHits(stage.hostile.cageOf.get(agent) ?? new Map(), "pids");
    const processes = jobProcesses(stage, agent).length;
    return { jobs: refused > 0 ? 1 : 0, processes, detail: `the kernel refused a further process ${refused} times` };
  },
  respawns: async (stage, agent) => {
    jobProcesses(stage, agent);
    // By their cgroups' lists alone: none of them lives long enough to be looked at more closely.
    const before = new Set(heldPids(stage, agent));
    await pauseFor(respawnMs, undefined, { signal: stage.options.signal });
    const after = [...new Set(heldPids(stage, agent))];
    const born = after.filter((pid) => !before.has(pid)).length;
    const gone = [...before].filter((pid) => !after.includes(pid)).length;
    const jobs = Math.min(born, gone) >= respawnedMin ? 1 : 0;
    return { jobs, processes: born, detail: `within ${respawnMs} ms ${gone} had gone and ${born} had come` };
  },
  "exhausts-memory": (stage, agent) => {
    const killed = cageHits(stage.hostile.cageOf.get(agent) ?? new Map(), "memory");
    return { jobs: killed, processes: killed, detail: "the kernel ended so many for want of memory" };
  },
  "writes-outside": attempts,
  "opens-port": attempts,
  "edits-crontab": attempts,
};

/** `attempted.json` in a job's workspace: what it tried outside of it. */
const Attempted = z.strictObject({ leaseId: z.string(), outcomes: z.record(z.string(), z.string()) });

/** What each job of an agent says that it has tried; a word of an earlier holder's, that came with its checkpoint, is none. */
export function attemptsOf({ home }: { readonly home: string }): Readonly<Record<string, string>>[] {
  return workspacesOf({ home }).flatMap(({ leaseId, workspace }) => {
    try {
      const text = readFileSync(join(workspace, "attempted.json"), "utf8");
      const said = Attempted.parse(JSON.parse(text));
      return said.leaseId === leaseId ? [said.outcomes] : [];
    } catch {
      // It has not tried yet.
      return [];
    }
  });
}

/** The workspaces of an agent's jobs, as they are on this host. */
export function workspacesOf({ home }: { readonly home: string }): { leaseId: string; workspace: string }[] {
  const sandboxes = join(home, "sandboxes");
  return namesIn(sandboxes).map((leaseId) => ({ leaseId, workspace: join(sandboxes, leaseId, "workspace") }));
}

function attempts(stage: HostStage, agent: string): SeenMisbehaviour {
  const said = attemptsOf(stage.agent(agent));
  const outcomes = said.flatMap((one) => Object.entries(one).map(([what, outcome]) => `${what}: ${outcome}`));
  return { jobs: said.length, processes: jobProcesses(stage, agent).length, detail: outcomes.join(", ") };
}

function leaseOf({ pid }: ProcessStat): string | undefined {
  return processEnvironment(pid)?.get(jobEnvironment.leaseId);
}

/** SigIgn of proc_pid_status(5): bit n - 1 is signal n. */
function ignores(pid: number, signal: NodeJS.Signals): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
    return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  } catch {
    // It has ended.
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
