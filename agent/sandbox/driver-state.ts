import type { HostLedger } from "../host-resource.ts";
import type { Enclosure } from "./enclosure.ts";
import type { Find } from "./end-processes.ts";
import type { JobCgroups } from "./job-cgroups.ts";
import type { JobLimits } from "./job-limits.ts";
import type { Sandbox } from "./port.ts";
import { readProcess } from "./proc-stat.ts";
import type { Member, ProcessTable } from "./process-table.ts";

/** What a driver shares with its sandboxes. */
export interface DriverState {
  readonly ledger: HostLedger;
  readonly enclosure: Enclosure;
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: JobLimits;
  readonly warn: (sentence: string) => void;
  readonly isFrozen: () => boolean;
  readonly table: ProcessTable;
  readonly cgroups: JobCgroups | null;
  readonly live: Map<string, LiveSandbox>;
  readonly scan: Find;
}

export interface LiveSandbox {
  readonly sandbox: Sandbox;
  /** Whether its session was made to yield to the host, and must be hurried when it is to stop. */
  yields: boolean;
  /** Ends a start's wait for the program to take over: a freeze must not wait for a job. */
  settleStart(): void;
}

/** One process of each session that yields; its leader where that lives, or else whom the last look found in it. */
export function yieldingIn({ scan }: DriverState, sandboxes: readonly LiveSandbox[]): number[] {
  return sandboxes
    .filter(({ yields }) => yields)
    .flatMap(({ sandbox: { pid } }) => {
      if (readProcess(pid)?.session === pid) return [pid];
      const fellow = scan({ fresh: false }).find((member) => member.session === pid);
      return fellow === undefined ? [] : [fellow.pid];
    });
}

/** A look at some of the processes only. */
export function scanWhere({ scan, where }: { scan: Find; where: (member: Member) => boolean }): Find {
  return ({ onFound, ...look }) => {
    const found = onFound === undefined ? {} : { onFound: (member: Member) => where(member) && onFound(member) };
    return scan({ ...look, ...found }).filter(where);
  };
}
