import * as z from "zod";

import type { AgentEffect } from "../../../agent/core/effect.ts";
import { CooperativeCheckpoint } from "../../../protocol/cooperative-checkpoint.ts";
import { Epoch, JobId, LeaseId, WallMs } from "../../../protocol/identifiers.ts";
import { CheckpointReference, HandBack, JobSpec } from "../../../protocol/messages.ts";
import { Form } from "./form.ts";

type Kind = AgentEffect["kind"];

const DurationMs = z.number().min(0);
const Generation = z.int().min(0);
const leaseId = LeaseId;

/**
 * What no other form looks at: records, notes and answers have their own, timers are looked at where they are set, and
 * what is said to the broker is where it is sent.
 */
const fields = {
  freezeAll: { generation: Generation, triggeredAtMs: WallMs },
  thawAll: { trigger: z.string(), triggeredAtMs: WallMs, requestId: z.string().nullable() },
  endStrays: { everything: z.boolean(), graceMs: DurationMs, deadlineMs: DurationMs },
  accept: { leaseId },
  decline: { leaseId },
  complete: { leaseId },
  returnLease: { handBack: HandBack },
  uploadCheckpoint: { leaseId, generation: Generation, reference: CheckpointReference },
  reportProgress: { leaseId, generation: Generation },
  notifyPaused: { generation: Generation },
  notifyShutdown: { timeoutMs: DurationMs },
  withdraw: { timeoutMs: DurationMs },
  probeRevocation: { timeoutMs: DurationMs },
  prepareSandbox: { leaseId, checkpoint: CheckpointReference.nullable() },
  startSandbox: { leaseId, jobId: JobId, epoch: Epoch, job: JobSpec },
  terminateSandbox: { leaseId, graceMs: DurationMs, deadlineMs: DurationMs },
  wipeSandbox: { leaseId },
  askCooperation: { leaseId, generation: Generation, cooperative: CooperativeCheckpoint },
  saveCheckpoint: {
    ...{ leaseId, jobId: JobId, epoch: Epoch, generation: Generation },
    cooperative: z.boolean().nullable(),
  },
  discardCheckpoint: { leaseId, generation: Generation },
  wipeLeftovers: { leaseIds: z.array(LeaseId) },
  discardCheckpoints: { leaseId },
  wipeHome: { deadlineMs: DurationMs },
  clearLedger: { keep: z.boolean() },
  exit: {
    ending: z.discriminatedUnion("how", [
      z.strictObject({ how: z.literal("shutdown") }),
      z.strictObject({ how: z.literal("interrupted") }),
      z.strictObject({ how: z.literal("withdrawn"), clean: z.boolean() }),
      z.strictObject({ how: z.literal("refused"), code: z.string(), message: z.string(), fresh: z.boolean() }),
    ]),
  },
} satisfies Partial<Record<Kind, z.ZodRawShape>>;

const forms = new Map<Kind, Form<z.ZodType>>(
  Object.entries(fields).map(([kind, shape]) => [kind as Kind, new Form(`the effect ${kind}`, z.object(shape))]),
);

/** Whoever carries an effect out in earnest reads all of it, though the model has no use for some of it. */
export function demandAgentEffect(effect: AgentEffect, isWhole: boolean): void {
  forms.get(effect.kind)?.demand(effect, isWhole);
}
