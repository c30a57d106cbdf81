import type { HeldLease } from "../../../../agent/core/state.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import type { HandBack } from "../../../../protocol/messages.ts";
import type * as z from "zod";

/** What the broker gets back is what it can go on from: a checkpoint that it has, or the job from its beginning. */
export function assertTold(leases: readonly HeldLease[], told: readonly z.infer<typeof HandBack>[]): void {
  assert(told.length === leases.length, "all that goes back is told, and nothing else");
  for (const [at, { leaseId, jobId, epoch, checkpoint }] of leases.entries()) {
    const one = present(told[at], "as many are told as go back");
    assert(one.leaseId === leaseId && one.jobId === jobId && one.epoch === epoch, `${leaseId} is told by its names`);
    const reference = isThere(checkpoint) ? checkpoint?.reference : undefined;
    assert(one.checkpoint === reference, `${leaseId} goes on from what the broker has`);
    assert(one.progress === (reference?.progress ?? 0), `${leaseId} has come as far as what the broker has`);
  }
}

/** Whether the broker has the content, be it that it has not heard whose that is. */
export function isThere(checkpoint: HeldLease["checkpoint"]): boolean {
  return checkpoint?.upload === "done" || checkpoint?.upload === "untold";
}
