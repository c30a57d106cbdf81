import { assert } from "../../../foundation/assert.ts";
import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { BrokerEffects } from "./broker-effects.ts";
import { behaviourOf } from "./job-behaviours.ts";
import type { Sandbox } from "./sandbox.ts";
import { durationMs } from "./world.ts";

/** What things take on a host, in milliseconds: the least (benign) and the most. */
const takes = {
  prepare: { minMs: 1, maxMs: 20 },
  spawn: { minMs: 2, maxMs: 40 },
} as const;

/** Makes a job's directory and fills it from its checkpoint, if it has one. */
export function prepareSandbox(
  body: AgentProcess,
  broker: BrokerEffects,
  { leaseId, checkpoint }: Extract<AgentEffect, { kind: "prepareSandbox" }>,
): void {
  const failed = (reason: string): void => body.later(0, { type: "sandboxPrepareFailed", leaseId, reason });
  body.ledger.make(`directory:${body.home}/sandboxes/${leaseId}`);
  if (!body.alive) return;
  body.host.makeWorkspace(leaseId, 0);
  if (checkpoint === null) {
    tellPrepared(body, leaseId);
    return;
  }
  broker.fetch(checkpoint, (outcome) => {
    const content = body.world.blobs.of(checkpoint.archiveDigest);
    if (!outcome.ok) failed(`the checkpoint cannot be fetched: ${outcome.message}`);
    else if (content === undefined || content.torn) failed("the checkpoint's archive does not match its digest");
    else {
      body.host.makeWorkspace(leaseId, content.progress);
      tellPrepared(body, leaseId);
    }
  });
}

/** Journalled, then spawned, then heard of: a process is there before anybody is told, and a freeze may come between. */
export function startSandbox(
  body: AgentProcess,
  { leaseId, jobId, job }: Extract<AgentEffect, { kind: "startSandbox" }>,
): void {
  const { host } = body;
  body.ledger.acquire(`cgroup:/cgroup/${leaseId}`);
  body.ledger.acquire(`processes:${leaseId}`);
  if (host.spawnsFail > 0 || behaviourOf(job).spawnFails) {
    if (host.spawnsFail > 0) host.failures += 1;
    body.ledger.release(`processes:${leaseId}`);
    body.ledger.release(`cgroup:/cgroup/${leaseId}`);
    const reason = "spawn: no such program";
    body.later(durationMs(host.stream, "spawn", takes.spawn), { type: "sandboxStartFailed", leaseId, reason });
    return;
  }
  body.whenDone(durationMs(host.stream, "spawn", takes.spawn), () => {
    let running = 0;
    for (const { processes } of host.sandboxesOf(body.instanceId)) if (processes > 0) running += 1;
    assert(running < body.core.slots, "a host runs no more jobs at once than its owner gives it slots");
    const sandbox = host.startSandbox({ leaseId, jobId, job, parent: body.instanceId });
    body.whenDone(durationMs(host.stream, "heard", takes.spawn), () => tellStarted(body, sandbox));
  });
}

/** Who hears of a process that has ended by then hears of both, in order. */
function tellStarted(body: AgentProcess, sandbox: Sandbox): void {
  const { leaseId, pid, end } = sandbox;
  sandbox.heard = true;
  body.see({ type: "sandboxStarted", leaseId, pid, cgroup: `/cgroup/${leaseId}` });
  if (end !== null) body.sandboxEnded(sandbox, end);
}

function tellPrepared(body: AgentProcess, leaseId: string): void {
  const workspace = `${body.home}/sandboxes/${leaseId}/workspace`;
  const tookMs = durationMs(body.host.stream, "prepare", takes.prepare);
  body.later(tookMs, { type: "sandboxPrepared", leaseId, workspace });
}
