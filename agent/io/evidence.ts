import { createPrivateKey } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { type HostResource, resourceKey } from "../host-resource.ts";
import { childCgroups, findCgroupsNamed } from "../sandbox/cgroup.ts";
import { parentCgroupName } from "../sandbox/job-cgroups.ts";
import { markedProcesses } from "../sandbox/marked-processes.ts";
import type { HomePaths } from "./home-paths.ts";
import type { FileHostLedger } from "./host-ledger.ts";
import { readIdentity } from "./identity.ts";

/**
 * Everything of a host is journalled before it is taken and struck off after it is given back (I11). So whatever is
 * there and not in the ledger says that the ledger was damaged: emptied, cut off, removed.
 */
export interface Evidence {
  /** As the key in the home says, or a process of a job; null where neither is left. */
  readonly agentId: string | null;
  /** What is there and not in the ledger. */
  readonly missing: readonly HostResource[];
}

/**
 * Looks at the home and the host for what the ledger should hold, and writes it in: the rest of this start goes on as
 * if it had stood there all the time.
 */
export function mendLedger(
  { paths, ledger, lost }: { readonly paths: HomePaths; readonly ledger: FileHostLedger; readonly lost: boolean },
  knownAgentId: string | null,
): Evidence {
  const evidence = findEvidence(paths, { ledger, knownAgentId });
  const { missing } = evidence;
  if (missing.length === 0) return evidence;
  // First of all, so that whoever goes on after a kill knows it too; and a key that was used is never called unused.
  const damage: Damage = { missing: missing.map(resourceKey), knowsHome: !lost };
  ledger.remember({ key: "damaged", value: damage });
  ledger.remember({ key: "membership", value: { enrolmentSent: true } });
  for (const resource of missing) ledger.acquire(resource);
  if (lost && looksMade(paths)) ledger.acquire({ kind: "directory", path: paths.home });
  return evidence;
}

/** What is known of a ledger that was found to be damaged. */
export interface Damage {
  /** What was not in it and should have been, by its keys. */
  readonly missing: readonly string[];
  /** Whether it still knew how the home came to be; else only what an agent makes there is taken away. */
  readonly knowsHome: boolean;
}

/** Null for a ledger that was whole. */
export function damageOf(ledger: FileHostLedger): Damage | null {
  return (ledger.notes("damaged")[0]?.value as Damage | undefined) ?? null;
}

/** Whether an agent lived in a home that has no ledger any more: others' directories are never taken for one. */
export function isLostHome(paths: HomePaths): boolean {
  let names: string[];
  try {
    names = readdirSync(paths.home);
  } catch {
    return false;
  }
  const own = ownNames(paths);
  const others = names.filter((name) => name !== basename(paths.lock));
  if (others.length === 0) return false;
  if (names.includes(basename(paths.lock)) && names.every((name) => own.has(name))) return true;
  return isKey(paths.key) || markedProcesses(paths.home).length > 0;
}

/** What an agent makes at the top of its home. */
export function ownNames(paths: HomePaths): Set<string> {
  const { ledger, lock, key, control, log, sandboxes, checkpoints } = paths;
  return new Set(
    [ledger, `${ledger}.new`, lock, key, control, log, sandboxes, checkpoints].map((path) => basename(path)),
  );
}

function findEvidence(
  paths: HomePaths,
  { ledger, knownAgentId }: { ledger: FileHostLedger; knownAgentId: string | null },
): Evidence {
  const marked = markedProcesses(paths.home);
  const agentId = knownAgentId ?? agentIdIn(paths);
  const processes = marked.filter((process) => process.agentId === agentId);
  const there: HostResource[] = [
    ...(isThere(paths.key) ? [{ kind: "key", path: paths.key } as const] : []),
    ...(isThere(paths.log) ? [{ kind: "file", path: paths.log } as const] : []),
    ...(isThere(paths.control) ? [{ kind: "socket", path: paths.control } as const] : []),
    ...[...directoriesIn(paths.sandboxes), ...directoriesIn(paths.checkpoints)].map(
      (path) => ({ kind: "directory", path }) as const,
    ),
    ...(agentId === null ? [] : cgroupsOf(agentId)).map((path) => ({ kind: "cgroup", path }) as const),
    ...[...new Set(processes.map(({ leaseId }) => leaseId))].map(
      (leaseId) => ({ kind: "processes", leaseId, pid: null, startTime: null }) as const,
    ),
  ];
  return { agentId, missing: there.filter((resource) => !ledger.holds(resourceKey(resource))) };
}

/** Without the ones in which it is tried whether cgroups can be made: nobody journals those. */
function cgroupsOf(agentId: string): string[] {
  return findCgroupsNamed(parentCgroupName(agentId)).flatMap((parent) => [
    parent,
    ...childCgroups(parent).filter((child) => !basename(child).startsWith("probe-")),
  ]);
}

function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(directory, entry.name))
      .sort();
  } catch {
    return [];
  }
}

/** As an agent makes its home; one that was there before and is empty afterwards is no loss either. */
function looksMade({ home }: HomePaths): boolean {
  const stat = lstatSync(home);
  return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o777) === 0o700;
}

/** Whose home it is, or was: as its key says, or else a job of it. */
export function agentIdIn(paths: HomePaths): string | null {
  try {
    const identity = readIdentity(paths.key);
    if (identity !== null) return identity.agentId;
  } catch {
    // A key that is none says nothing.
  }
  return markedProcesses(paths.home)[0]?.agentId ?? null;
}

function isKey(path: string): boolean {
  try {
    return createPrivateKey(readFileSync(path, "utf8")).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
