import * as z from "zod";

import { agentEvents, agentStates } from "./agent-states.ts";
import { executionStates } from "./execution-states.ts";
import { ExitReason } from "./exit-reason.ts";
import { AgentId, Epoch, InstanceId, JobId, LeaseId } from "./identifiers.ts";
import { CheckpointReference } from "./messages.ts";
import { WithdrawalReport } from "./withdrawal-report.ts";

const sandbox = { jobId: JobId, leaseId: LeaseId, epoch: Epoch };

/** What an agent records of itself. */
export const agentHistory = {
  "agent.started": z.object({
    instanceId: InstanceId,
    agentId: AgentId.nullable().optional(),
    pid: z.int(),
    driver: z.string(),
    resumed: z.boolean(),
  }),
  /** The host ledger's journal has it: about to be taken, and given back; I11. */
  "agent.acquired": z.object({ resource: z.string() }),
  "agent.released": z.object({ resource: z.string() }),
  "agent.state": z.object({
    from: z.enum(agentStates),
    to: z.enum(agentStates),
    event: z.enum(agentEvents),
    reason: z.string(),
  }),
  "agent.refused": z.object({ state: z.enum(agentStates), event: z.enum(agentEvents), reason: z.string() }),
  "agent.woke": z.object({ cause: z.string() }),
  "agent.offer": z.object({ ...sandbox, answer: z.enum(["accepted", "declined"]), reason: z.string() }),
  "agent.execution": z.object({
    ...sandbox,
    from: z.enum(executionStates).nullable(),
    to: z.enum(executionStates),
    reason: z.string(),
    /** How its first process ended, where it was not the agent that stopped it. */
    exit: ExitReason.optional(),
  }),
  "agent.frozen": z.object({ trigger: z.string(), freezeMs: z.number(), sandboxes: z.int(), processes: z.int() }),
  "agent.thawed": z.object({ trigger: z.string(), sandboxes: z.int() }),
  "agent.checkpoint": z.object({
    ...sandbox,
    checkpoint: CheckpointReference,
    trigger: z.string(),
    durationMs: z.number(),
    /** Of a job that cooperates: whether it had put its files in order before it was frozen. */
    cooperative: z.boolean().optional(),
  }),
  /**
   * A job is asked to put its files in order before a freeze that can wait; and what comes of it, once: it has, its
   * first process does not listen for the signal, the job ended, or the freeze came first.
   */
  "agent.cooperation": z.object({
    ...sandbox,
    trigger: z.string(),
    stage: z.enum(["asked", "ready", "unheard", "ended", "given-up"]),
    /** Since it was asked. */
    waitedMs: z.number().min(0),
  }),
  "agent.checkpoint-failed": z.object({ ...sandbox, trigger: z.string(), reason: z.string() }),
  "agent.broker": z.object({ reachable: z.boolean(), detail: z.string() }),
  "agent.shutdown": z.object({ trigger: z.string(), stage: z.enum(["begin", "end"]) }),
  "agent.withdrawal": z.object({ report: WithdrawalReport }),
  /**
   * So many of this instance's records right before the one before this could not be written, for the reason of the last
   * of them: evidence that was lost.
   */
  "agent.unrecorded": z.object({ records: z.int().min(1), reason: z.string() }),
} as const;
