import * as z from "zod";

import type { LeaseNote, Note } from "../../../agent/core/effect.ts";
import type { WithdrawalRecord } from "../../../agent/core/state.ts";
import { assert } from "../../../foundation/assert.ts";
import { Epoch, JobId, LeaseId, WallMs } from "../../../protocol/identifiers.ts";
import { CheckpointReference, CompleteRequest } from "../../../protocol/messages.ts";
import { WithdrawalReport, WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import { Form } from "./form.ts";

const LeaseNoteForm = z.strictObject({
  jobId: JobId,
  epoch: Epoch,
  checkpoint: z.strictObject({ reference: CheckpointReference, generation: z.int().min(0) }).nullable(),
  uploaded: z.boolean(),
  spawnedInBoot: z.string().nullable(),
  report: CompleteRequest.nullable(),
}) satisfies z.ZodType<LeaseNote>;

const WithdrawalRecordForm = WithdrawalReport.pick({
  trigger: true,
  attempts: true,
  keyRevoked: true,
  processesTerminated: true,
  processesLeft: true,
  directoriesWiped: true,
  autostartLeft: true,
  directoriesLeft: true,
  socketsLeft: true,
  leasesHandedBack: true,
  leasesDeferred: true,
  ledgerEntriesLeft: true,
  steps: true,
}).extend({
  startedAtMs: WallMs,
  deadlineMs: z.number().min(0),
  current: WithdrawalStep.shape.step.exclude(["stop-intake"]),
}) satisfies z.ZodType<WithdrawalRecord>;

const membership = new Form("the note of the membership", z.strictObject({ enrolmentSent: z.boolean() }));
const pause = new Form(
  "the note of the pause",
  z.strictObject({ by: z.enum(["owner", "broker", "activity"]), reason: z.string() }),
);
const activity = new Form("the note of the activity", z.strictObject({ ignored: z.literal(true) }));
const withdrawal = new Form("the note of the withdrawal", WithdrawalRecordForm);
const lease = new Form("the note of a lease", LeaseNoteForm);

/**
 * What stands in the journal when a note was written there: the next instance reads it as it stands, and nothing of it
 * changes with what this one still holds.
 */
export function writtenNote({ key, value }: Note, isWhole: boolean): unknown {
  const form = formOf(key);
  if (value === null) return null;
  form.demand(value, false);
  return isWhole ? form.crossed(value) : value;
}

/** Of the last lease that was noted: several notes of one come in a row. */
let lastLeaseKey = "";

function formOf(key: string): Form<z.ZodType> {
  if (key === "membership") return membership;
  if (key === "pause") return pause;
  if (key === "activity") return activity;
  if (key === "withdrawal") return withdrawal;
  if (key === lastLeaseKey) return lease;
  assert(key.startsWith("lease:") && LeaseId.safeParse(key.slice("lease:".length)).success, `there is a note ${key}`);
  lastLeaseKey = key;
  return lease;
}
