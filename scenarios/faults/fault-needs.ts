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
  "limit-descriptors": () => onPath("prlimit", "util-linux"),
  "limit-processes": () =>
    controlledBy("pids") === undefined
      ? { why: "No cgroup controller pids can be used.", remedy: "Run it as root, where the controller is mounted." }
      : null,
  load: () => onPath("timeout", "coreutils") ?? onPath("dd", "coreutils"),
  storm: () => onPath("stress-ng", "stress-ng") ?? onPath("timeout", "coreutils") ?? missing("own-cgroup"),
};

/** What a kind of fault needs and is not there; null where nothing is missing. */
export function missingFor(kind: FaultKindName): Skipped | null {
  return faultNeeds[kind]?.() ?? null;
}

/** Why nobody can have a disk of their own here; null where that works. */
export function diskMissing(): Skipped | null {
  if (process.getuid?.() === 0) return null;
  return { why: "Only root may mount a disk for an agent.", remedy: "Run it as root." };
}
