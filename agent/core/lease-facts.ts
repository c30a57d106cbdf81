import type { HandBack, LeaseStatus } from "../../protocol/messages.ts";
import type * as z from "zod";
import type { LeaseNote } from "./effect.ts";
import { agentLimits } from "./limits.ts";
import { holdsSandbox, takesSlot } from "./lease-stages.ts";
import type { AgentCore, HeldLease, SavedCheckpoint } from "./state.ts";

/** Whether the agent holds a sandbox, which makes it Working. */
export function isBusy(core: AgentCore): boolean {
  return core.leaseList.some((lease) => holdsSandbox(lease.stage));
}

export function slotsUsed(core: AgentCore): number {
  let used = 0;
  for (const lease of core.leaseList) if (takesSlot(lease.stage)) used += 1;
  return used;
}

/** Whether the agent is on its way out, and tells the broker of the end and of nothing else. */
export function isLeaving({ withdrawal, shutdown }: AgentCore): boolean {
  return withdrawal !== null || shutdown !== null;
}

/** Why no offer is taken now, or null while intake is open (I6). */
export function intakeClosedBecause(core: AgentCore): string | null {
  if (core.withdrawal !== null) return "the agent is withdrawing";
  if (core.shutdown !== null) return "the agent is shutting down";
  if (core.pause !== null) return core.pause.result === null ? "the agent is pausing" : "the agent is paused";
  if (core.agent === "Idle" || core.agent === "Working") return null;
  return `the agent is ${core.agent}`;
}

export function slotsFree(core: AgentCore): number {
  return intakeClosedBecause(core) === null ? Math.max(0, core.slots - slotsUsed(core)) : 0;
}

/** Whether the sandbox is (to be) stopped by the freeze in force. */
export function isFrozen(core: AgentCore, lease: HeldLease): boolean {
  return core.freeze !== null && core.freeze.freezeMs !== null && lease.stage === "running";
}

export function leaseStatus(core: AgentCore, lease: HeldLease): z.infer<typeof LeaseStatus> {
  const { leaseId, jobId, epoch, execution, progress } = lease;
  return { leaseId, jobId, epoch, execution, frozen: isFrozen(core, lease), progress };
}

/** Whether the broker has its content. */
function isThere({ upload }: SavedCheckpoint): boolean {
  return upload === "done" || upload === "untold";
}

/** What the broker gets back: its progress is the checkpoint's, because only that much can be gone on from. */
export function handBack({ leaseId, jobId, epoch, checkpoint }: HeldLease): z.infer<typeof HandBack> {
  if (checkpoint === null || !isThere(checkpoint)) return { leaseId, jobId, epoch, progress: 0 };
  const { reference } = checkpoint;
  return { leaseId, jobId, epoch, progress: reference.progress, checkpoint: reference };
}

export function leaseNote({ jobId, epoch, checkpoint, report, spawnedInBoot }: HeldLease): LeaseNote {
  return {
    jobId,
    epoch,
    checkpoint: checkpoint === null ? null : { reference: checkpoint.reference, generation: checkpoint.generation },
    uploaded: checkpoint !== null && isThere(checkpoint),
    report: report?.kind === "complete" ? report.body : null,
    spawnedInBoot,
  };
}

/** Wait before retry number `attempt`, counted from 1. */
export function retryDelayMs(attempt: number): number {
  return Math.min(agentLimits.retryMsMax, agentLimits.retryMsMin * 2 ** Math.min(attempt - 1, 20));
}
