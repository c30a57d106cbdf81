import * as z from "zod";

import { AgentId, InstanceId, WallMs } from "./identifiers.ts";
import { withdrawalStepNames } from "./withdrawal-step-names.ts";

/** One step of a withdrawal, as it was measured after it was done (WC-16: measured, never assumed). */
export const WithdrawalStep = z.strictObject({
  step: z.enum(withdrawalStepNames),
  /** `deferred`: the broker could not be reached in time and finishes it alone (lease expiry, held revocation). */
  outcome: z.enum(["done", "nothing-to-do", "deferred", "failed"]),
  durationMs: z.number().min(0),
  /** What was looked at and what was seen, in words. */
  measured: z.string(),
});
export type WithdrawalStep = z.infer<typeof WithdrawalStep>;

/** What a withdrawal measured. Printed and put into the history; never left on the host. */
export const WithdrawalReport = z.strictObject({
  agentId: AgentId.nullable(),
  instanceId: InstanceId,
  trigger: z.string(),
  startedAt: WallMs,
  endedAt: WallMs,
  /** How many instances worked on it: more than 1 when it was killed on the way and resumed. */
  attempts: z.int().min(1),
  keyRevoked: z.enum(["confirmed", "deferred", "no-key"]),
  processesTerminated: z.int().min(0),
  processesLeft: z.array(z.strictObject({ pid: z.int(), startTime: z.string(), command: z.string() })),
  directoriesWiped: z.array(z.string()),
  directoriesLeft: z.array(z.string()),
  /** Parents that were made for the home and stay, because others use them by now: nothing of the agent's. */
  directoriesKept: z.array(z.string()).optional(),
  /** Parts of the startup hook. */
  autostartLeft: z.array(z.string()),
  socketsLeft: z.array(z.string()),
  leasesHandedBack: z.int().min(0),
  leasesDeferred: z.int().min(0),
  ledgerEntriesLeft: z.int().min(0),
  /** What was on the host and not in the host ledger, by its keys, where that had been damaged. */
  missingInLedger: z.array(z.string()).optional(),
  steps: z.array(WithdrawalStep),
  /** Whether everything above that should be empty is. */
  clean: z.boolean(),
});
export type WithdrawalReport = z.infer<typeof WithdrawalReport>;
