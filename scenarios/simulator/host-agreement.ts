import type { AgentBody } from "./world/agent-body.ts";
import type { Host } from "./world/host.ts";

/**
 * What a host holds that the agent on it has no use for, what it has not and should have, and where its ledger is
 * wrong, as clauses without a subject.
 */
export function* strangeOnHost(body: AgentBody): Generator<string> {
  const { host, core, home } = body;
  const held = Object.keys(core.leases);
  const ofLease = (thing: string): boolean => held.some((leaseId) => thing.includes(leaseId));
  const needed = [`directory:${home}`, `key:${home}/key.pem`, `socket:${home}/control.sock`];
  if (host.startupHook !== null) needed.push(host.startupHook);
  for (const thing of needed) if (!host.has(thing)) yield `misses ${thing}`;
  for (const thing of host.things()) {
    if (!needed.includes(thing) && !ofLease(thing)) yield `keeps ${thing}`;
    if (!host.journal.holds(thing)) yield `holds ${thing}, which its ledger does not name`;
  }
  for (const resource of host.journal.resources) {
    if (!host.has(resource) && !isStray(body, resource)) yield `names ${resource} in its ledger, which is not there`;
  }
  for (const { leaseId, processes } of host.sandboxes.values()) {
    if (processes > 0 && !held.includes(leaseId)) yield `lets ${processes} processes of ${leaseId} run`;
  }
  const { workspaces, checkpoints } = host.leasesOnDisk();
  for (const leaseId of workspaces) if (!held.includes(leaseId)) yield `keeps the working directory of ${leaseId}`;
  for (const leaseId of checkpoints) if (!held.includes(leaseId)) yield `keeps checkpoints of ${leaseId}`;
  yield* strangeNotes(body);
}

/** What is there of an agent that has left. */
export function* leftOnHost(host: Host, { mayKeepHome }: { mayKeepHome: boolean }): Generator<string> {
  // What starts it belongs to its home, and goes with it when its owner withdraws.
  const home = /^(directory|key|crontab):/;
  for (const thing of host.things()) if (!mayKeepHome || !home.test(thing)) yield `left ${thing}`;
  if (!mayKeepHome && host.journal.resources.size > 0) yield "left a ledger";
  for (const { leaseId, processes } of host.sandboxes.values()) {
    if (processes > 0) yield `left ${processes} processes of ${leaseId}`;
  }
}

/** A ledger keeps what an earlier instance left until a start finds it gone (docs/cases.md, case 49). */
function isStray({ host, instanceId }: AgentBody, resource: string): boolean {
  const match = /^(?:processes:|cgroup:\/cgroup\/)(.+)$/.exec(resource);
  return match !== null && host.sandboxes.get(match[1] as string)?.parent !== instanceId;
}

/** What the next instance would find, if this one died now. */
function* strangeNotes({ host, core }: AgentBody): Generator<string> {
  const notes = host.journal.notes("");
  for (const { key } of notes) {
    const isOurs =
      key === "membership" ||
      (key === "pause" && core.pause !== null) ||
      (key === "activity" && core.activity?.ignored === true);
    if (!isOurs && core.leases[key.slice("lease:".length)] === undefined) yield `remembers ${key} for nothing`;
  }
  const remembered = (wanted: string): boolean => notes.some(({ key }) => key === wanted);
  const membership = host.journal.note("membership") as { enrolmentSent?: boolean } | null;
  if (membership?.enrolmentSent !== true) yield "does not remember that it enrolled";
  if (core.activity?.ignored === true && !remembered("activity")) yield "does not remember that activity is ignored";
  if (core.pause !== null && !remembered("pause")) yield "does not remember its pause";
}
