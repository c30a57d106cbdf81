import { readFileSync } from "node:fs";

import type { Skipped } from "../../protocol/suite.ts";
import { missing } from "../needs/needs.ts";
import { storeServerMissing } from "../needs/store-server.ts";
import { controlledBy } from "./fault-cgroup.ts";
import type { FaultKindName } from "./fault-spec.ts";
import { onPath } from "./on-path.ts";

/**
 * Why this machine or user cannot do a kind of fault, and what would help; null where it can. Those that are not here
 * need nothing. Apart from the kinds themselves, because `scenarios list` asks this and nothing else of them.
 */
const faultNeeds: { readonly [Kind in FaultKindName]?: () => Skipped | null } = {
  "fill-disk": diskMissing,
  "flush-store": storeServerMissing,
  "rollback-store": storeServerMissing,
  "lock-home": () =>
    process.getuid?.() === 0 ? null : { why: "Only root may make files immutable.", remedy: "Run it as root." },
  "disturb-calls": () => onPath("strace", "strace") ?? tracingMissing(),
  "limit-descriptors": () => onPath("prlimit", "util-linux"),
  "limit-processes": () =>
    controlledBy("pids") === undefined
      ? { why: "No cgroup controller pids can be used.", remedy: "Run it as root, where the controller is mounted." }
      : null,
  load: () => onPath("timeout", "coreutils") ?? onPath("dd", "coreutils"),
  storm: () => onPath("stress-ng", "stress-ng") ?? onPath("timeout", "coreutils") ?? missing("own-cgroup"),
};

/** Who may attach to a process that is not its child: ptrace(2), kernel.yama.ptrace_scope. */
function tracingMissing(): Skipped | null {
  const scope = ptraceScope();
  const isRoot = process.getuid?.() === 0;
  if (scope === 0 || (isRoot && scope < 3)) return null;
  if (scope === 3) {
    return {
      why: "No process may be traced until this machine starts anew (kernel.yama.ptrace_scope is 3).",
      remedy: "Set kernel.yama.ptrace_scope to 0 below /etc/sysctl.d, and restart the machine.",
    };
  }
  return {
    why: `This user may trace its own children alone (kernel.yama.ptrace_scope is ${scope}).`,
    remedy: "Run it as root, or: sysctl -w kernel.yama.ptrace_scope=0.",
  };
}

/** 0 where the kernel knows no such setting. */
export function ptraceScope(): number {
  try {
    return Number(readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8"));
  } catch {
    return 0;
  }
}

/** What a kind of fault needs and is not there; null where nothing is missing. */
export function missingFor(kind: FaultKindName): Skipped | null {
  return faultNeeds[kind]?.() ?? null;
}

/** Why nobody can have a disk of their own here; null where that works. */
export function diskMissing(): Skipped | null {
  if (process.getuid?.() === 0) return null;
  return { why: "Only root may mount a disk for an agent.", remedy: "Run it as root." };
}
