import * as z from "zod";

import { agentEvents, agentStates } from "./agent-states.ts";
import { PauseResult } from "./control.ts";
import { executionStates } from "./execution-states.ts";
import { ExitReason } from "./exit-reason.ts";
import { faultEnds } from "./faults.ts";
import { ConnectionId, connectionStates } from "./federation.ts";
import { AgentId, Epoch, ExecutionId, InstanceId, JobId, LeaseId, WallMs } from "./identifiers.ts";
import { jobStates } from "./job-states.ts";
import { AgentView, CheckpointReference, JobView } from "./messages.ts";
import { WithdrawalReport } from "./withdrawal-report.ts";

/**
 * The history: the append-only event log of one run, one JSON object a line. Every actor appends its own records;
 * verdicts and reports are derived from it and can be derived again.
 */
const grant = { jobId: JobId, leaseId: LeaseId, epoch: Epoch, agentId: AgentId };
const sandbox = { jobId: JobId, leaseId: LeaseId, epoch: Epoch };
const ownersRequest = {
  agentId: AgentId.optional(),
  request: z.int().min(1),
  command: z.enum(["status", "pause", "resume", "withdraw"]),
};

export const historyEvents = {
  // The harness's own.
  "run.started": z.object({
    run: z.string(),
    scenario: z.string(),
    seed: z.string(),
    options: z.record(z.string(), z.unknown()),
    /** How many steps the plan has, where the runner knows. */
    steps: z.int().min(0).optional(),
  }),
  "run.phase": z.object({ phase: z.string(), edge: z.enum(["begin", "end"]) }),
  "run.ended": z.object({ exitCode: z.int() }),
  /** `index` counts the steps of the plan from 0. */
  "step.begin": z.object({ index: z.int(), step: z.string(), title: z.string() }),
  "step.end": z.object({ index: z.int(), step: z.string(), outcome: z.enum(["done", "failed"]), detail: z.string() }),
  /** One freeze seen from outside, from the request to the moment when /proc or the cgroup said all are stopped. */
  "witness.freeze": z.object({
    agentId: AgentId.optional(),
    latencyMs: z.number(),
    source: z.enum(["cgroup", "proc"]),
    processes: z.int(),
    agentFreezeMs: z.number().nullable(),
  }),
  /** CPU time that all sandboxes used between the freeze and the resume, in microseconds, seen from outside; I5. */
  "witness.frozen": z.object({
    agentId: AgentId.optional(),
    processes: z.int(),
    running: z.int(),
    cpuUsedUs: z.number(),
    forMs: z.number(),
  }),
  "witness.resume": z.object({
    agentId: AgentId.optional(),
    latencyMs: z.number(),
    processes: z.int(),
    /** How many were still stopped when the resume was answered, where the witness can tell. */
    stopped: z.int().min(0).optional(),
  }),
  /** The owner asks something over the control socket, and waits for the answer for so long; `request` tells it from any other. */
  "witness.asked": z.object({
    ...ownersRequest,
    withinMs: z.number().min(0),
    /** Of a withdrawal, where the owner names one. */
    deadlineMs: z.number().min(0).optional(),
  }),
  /**
   * What the owner heard, after so long; time in which the agent's process stood still does not count. `code` is null
   * when it was granted, `ended` when the process ended and hung up, `no-answer` when it went on and nothing was heard
   * in time.
   */
  "witness.answered": z.object({
    ...ownersRequest,
    ok: z.boolean(),
    code: z.string().nullable(),
    waitedMs: z.number().min(0),
    pause: PauseResult.nullable(),
    report: WithdrawalReport.nullable(),
  }),
  /** An agent that withdraws sent something to the broker, which may never arrive. */
  "witness.call": z.object({ agentId: AgentId, route: z.string(), leaseId: LeaseId.optional() }),
  /** And heard an answer, or that none came: `ok`, or the code of the refusal. */
  "witness.heard": z.object({ agentId: AgentId, route: z.string(), code: z.string() }),
  /** A signal was sent to the agent's process. */
  "witness.signal": z.object({ agentId: AgentId.optional(), signal: z.string() }),
  /** A request signed with a revoked key, and how the broker answered. */
  "witness.revoked-key": z.object({ status: z.int(), code: z.string() }),
  /** A job's result beside what the harness computed for itself; WC-15. */
  "witness.result": z.object({
    jobId: JobId,
    correct: z.boolean(),
    /** The progress at which the holder that completed it began, as the job itself says; I8. */
    startedFrom: z.number().min(0).nullable(),
    detail: z.string(),
  }),
  /** A withdrawal from the request to the end of the agent's process; L1. */
  "witness.withdrawn": z.object({ agentId: AgentId.optional(), tookMs: z.number(), deadlineMs: z.number() }),
  /** Something of the host came to be, or is gone, as the host itself shows it; named like its entry in the ledger; I11. */
  "witness.resource": z.object({ agentId: AgentId, change: z.enum(["made", "gone"]), resource: z.string() }),
  /**
   * The broker ended a lease by the time or took it back, and so many of its processes ran on at its holder, whose
   * agent was up and awake all the while; docs/cases.md, cases 3 and 46.
   */
  "witness.lease-over": z.object({ agentId: AgentId, jobId: JobId, leaseId: LeaseId, running: z.int().min(0) }),
  /**
   * An agent accepted, completed or gave back a lease: that it said so (`sent`), and later how that call ended as the
   * agent heard it: `ok`, the broker's code, or `unreachable`.
   */
  "witness.lease-call": z.object({
    agentId: AgentId,
    instanceId: InstanceId,
    leaseId: LeaseId,
    call: z.enum(["accept", "complete", "return"]),
    outcome: z.string(),
  }),
  /**
   * An agent asked its broker to take it in or told it of its pause: that it said so (`sent`), and later how that call
   * ended as the agent heard it. Of heartbeats those alone that were refused, because the broker does not heed it.
   */
  "witness.agent-call": z.object({
    agentId: AgentId,
    instanceId: InstanceId,
    call: z.enum(["enrol", "paused", "heartbeat"]),
    /** The freeze of the pause that is told of, else 0. */
    generation: z.int().min(0),
    outcome: z.string(),
  }),
  /** What the host still holds of an agent whose process ended after its withdrawal; I7. */
  "witness.left": z.object({ agentId: AgentId, resources: z.array(z.string()), crontabLines: z.int().min(0) }),
  /** What the broker showed its operator of every job, in its order. */
  "witness.jobs": z.object({
    jobs: z.array(
      JobView.pick({ jobId: true, state: true, epoch: true, agentId: true, leaseId: true, submittedAt: true }),
    ),
  }),
  /** What it showed of every agent, in its order. */
  "witness.agents": z.object({
    agents: z.array(AgentView.pick({ agentId: true, standing: true, state: true, leases: true, enrolledAt: true })),
  }),
  /** What an agent showed its owner, and whether somebody was waiting for the answer to a pause just then. */
  "witness.status": z.object({
    instanceId: InstanceId,
    state: z.enum(agentStates),
    brokerReachable: z.boolean(),
    pauseAsked: z.boolean(),
    pauseWaits: z.boolean(),
    sandboxes: z.array(z.object({ leaseId: LeaseId, execution: z.enum(executionStates), pid: z.int().nullable() })),
  }),
  /** An agent was told something: the operator gave the broker a command for it, or its owner asked for a pause; WC-2, WC-3. */
  "witness.command": z.object({
    agentId: AgentId,
    by: z.enum(["broker", "owner"]),
    command: z.enum(["pause", "resume", "goodbye"]),
    reason: z.string(),
  }),
  /**
   * The owner does something at the host that the agent is to pause for: by the agent's clock, when the agent could
   * notice; WC-11.
   */
  "witness.activity": z.object({ agentId: AgentId, what: z.string(), noticedAtMs: WallMs }),
  /** An agent's process is gone: by itself, as it says, or it was killed. */
  "witness.exit": z.object({
    agentId: AgentId,
    how: z.enum(["shutdown", "interrupted", "withdrawn", "refused", "killed"]),
  }),
  /**
   * The processes of a lease are gone because their agent ended them: by which signal, and how long after it began to.
   */
  "witness.ended": z.object({
    agentId: AgentId,
    leaseId: LeaseId,
    signal: z.enum(["SIGTERM", "SIGKILL"]),
    afterMs: z.number().min(0),
  }),
  /** The first process of a lease ended, as its host saw it; WC-12. */
  "witness.job-ended": z.object({ agentId: AgentId, leaseId: LeaseId, exit: ExitReason }),
  /** The job of a lease put its files in order and wrote the file that says so, so long after it was last asked. */
  "witness.cooperated": z.object({ agentId: AgentId, leaseId: LeaseId, afterMs: z.number().min(0) }),
  /**
   * An agent that the broker was to start, as its host saw it: the process began, or it and all that it started are
   * gone; `exitCode` is null when a signal ended it, or nobody saw how it ended.
   */
  "witness.execution": z.object({
    executionId: ExecutionId,
    change: z.enum(["began", "gone"]),
    pid: z.int(),
    exitCode: z.int().nullable(),
  }),
  /** The operator asked the broker to end these, and was told that they will be. */
  "witness.kill": z.object({ executionIds: z.array(ExecutionId) }),
  /**
   * Something came to a spoke as a command of its hub, and was taken (`ok`) or refused: what it was in truth. `again` is a
   * further try of the hub's own, `cancelled` a spawn whose kill came before it.
   */
  "witness.delivery": z.object({
    commandId: z.string(),
    action: z.enum(["spawn", "status", "kill"]),
    truth: z.enum(["genuine", "again", "replayed", "forged", "stale", "suspended", "cancelled"]),
    code: z.string(),
  }),
  /** Something was broken on purpose. */
  "fault.applied": z.object({
    fault: z.string(),
    /** Whom it hit: an agent id, "broker", "store". */
    target: z.string(),
    detail: z.string(),
    /** What it took away for good (jobs that a store forgot), by id. */
    subjects: z.array(z.string()),
  }),
  "fault.undone": z.object({ fault: z.string(), target: z.string() }),
  expectation: z.object({
    id: z.string(),
    title: z.string(),
    result: z.enum(["pass", "fail", "unknown"]),
    detail: z.string(),
  }),
  "watch.file": z.object({ change: z.enum(["add", "change", "unlink", "addDir", "unlinkDir"]), path: z.string() }),
  "process.exit": z.object({ name: z.string(), pid: z.int(), code: z.int().nullable(), signal: z.string().nullable() }),

  // The agent's.
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

  // The broker's.
  "broker.started": z.object({ url: z.string(), store: z.string(), pid: z.int() }),
  "broker.enrolled": z.object({ agentId: AgentId, instanceId: InstanceId, again: z.boolean() }),
  "broker.heartbeat": z.object({
    agentId: AgentId,
    instanceId: InstanceId.optional(),
    state: z.enum(agentStates),
    slotsFree: z.int(),
    offers: z.int(),
    /** When the broker heard it, by its own clock: it is told only when the store has what came of it. */
    heardAt: WallMs.optional(),
  }),
  "broker.job": z.object({
    jobId: JobId,
    from: z.enum(jobStates).nullable(),
    to: z.enum(jobStates),
    epoch: z.int(),
    reason: z.string(),
  }),
  "broker.offered": z.object({ ...grant, expiresAt: WallMs }),
  "broker.leased": z.object({ ...grant, expiresAt: WallMs }),
  "broker.released": z.object({
    ...grant,
    how: z.enum([
      "completed",
      "failed",
      "handed-back",
      "expired",
      "revoked",
      "declined",
      "offer-lapsed",
      "cancelled",
      "agent-lost",
    ]),
    progress: z.number(),
    checkpoint: CheckpointReference.nullable(),
  }),
  "broker.refused": z.object({ agentId: z.string(), route: z.string(), code: z.string() }),
  "broker.agent": z.object({
    agentId: AgentId,
    standing: z.enum(["active", "lost", "shutdown", "revoked"]),
    reason: z.string(),
  }),
  /** Misbehaviour that its operator ordered: put in force, and how it ended after so many effects. */
  "broker.fault": z.object({
    ruleId: z.string(),
    kind: z.string(),
    stage: z.enum(["put", ...faultEnds]),
    hits: z.int().min(0),
  }),
  "broker.pause-acknowledged": z.object({ agentId: AgentId, freezeMs: z.number(), checkpoints: z.int() }),
  /** A step of an agent that the broker starts on its own host: what it is then, and why; OR-1. */
  "broker.execution": z.object({
    executionId: ExecutionId,
    from: z.enum(executionStates).nullable(),
    to: z.enum(executionStates),
    startedAt: WallMs.nullable(),
    completedAt: WallMs.nullable(),
    reason: z.string(),
  }),
  /** A process says that this broker started it, and nothing is known of it, or that it is over: it is ended. */
  "broker.stray": z.object({ executionId: ExecutionId, pid: z.int() }),
  /** A step of a connection to another broker. */
  "broker.connection": z.object({
    connectionId: ConnectionId,
    side: z.enum(["hub", "spoke"]),
    from: z.enum(connectionStates).nullable(),
    to: z.enum(connectionStates),
  }),
  /** A spoke carried out a hub's command, or answered a further try of it. */
  "broker.command": z.object({
    connectionId: ConnectionId,
    commandId: z.string(),
    action: z.enum(["spawn", "status", "kill"]),
    how: z.enum(["executed", "repeated"]),
    executionIds: z.array(ExecutionId),
  }),
  /** A spoke refused what came as a command; the ids as far as they could be read, and nothing was changed. */
  "broker.command-refused": z.object({ connectionId: z.string(), commandId: z.string(), code: z.string() }),
  /** What a hub knows of an agent at a spoke. */
  "broker.remote": z.object({
    connectionId: ConnectionId,
    commandId: z.string(),
    executionId: ExecutionId.nullable(),
    state: z.string(),
  }),
  "broker.stopped": z.object({ reason: z.string() }),
} as const;

export type HistoryType = keyof typeof historyEvents;
export type HistoryData<T extends HistoryType> = z.infer<(typeof historyEvents)[T]>;

export const historyActors = ["harness", "agent", "broker"] as const;
export type HistoryActor = (typeof historyActors)[number];

export type HistoryRecord = {
  [T in HistoryType]: {
    /** Wall time in milliseconds since the epoch, with a fraction; comparable between processes of one host. */
    readonly at: number;
    readonly actor: HistoryActor;
    /** Which one: an instance id, a pid, a run id. */
    readonly source: string;
    /** Counts the records of one source from 0; a gap means that evidence was lost. */
    readonly sequence: number;
    readonly type: T;
    readonly data: HistoryData<T>;
  };
}[HistoryType];

const Envelope = z.strictObject({
  at: WallMs,
  actor: z.enum(historyActors),
  source: z.string(),
  sequence: z.int().min(0),
  type: z.enum(Object.keys(historyEvents) as [HistoryType, ...HistoryType[]]),
  data: z.unknown(),
});

/** Who alone can say a thing of this type. */
function actorOf(type: HistoryType): HistoryActor {
  return historyActors.find((actor) => type.startsWith(`${actor}.`)) ?? "harness";
}

/** Reads one line of a history; the error says what is wrong with it. */
export function parseHistoryLine(line: string): { record: HistoryRecord } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: "the line is not JSON" };
  }
  const envelope = Envelope.safeParse(value);
  if (!envelope.success) return { error: z.prettifyError(envelope.error) };
  const { actor, type } = envelope.data;
  if (actorOf(type) !== actor) return { error: `${type}: ${actor} cannot say that` };
  const data = historyEvents[envelope.data.type].safeParse(envelope.data.data);
  if (!data.success) return { error: `${envelope.data.type}: ${z.prettifyError(data.error)}` };
  return { record: { ...envelope.data, data: data.data } as HistoryRecord };
}
