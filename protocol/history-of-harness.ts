import * as z from "zod";

import { agentStates } from "./agent-states.ts";
import { PauseResult } from "./control.ts";
import { executionStates } from "./execution-states.ts";
import { ExitReason } from "./exit-reason.ts";
import { AgentId, Digest, Epoch, ExecutionId, InstanceId, JobId, LeaseId, WallMs } from "./identifiers.ts";
import { AgentView, JobView } from "./messages.ts";
import { WithdrawalReport } from "./withdrawal-report.ts";

const ownersRequest = {
  agentId: AgentId.optional(),
  request: z.int().min(1),
  command: z.enum(["status", "pause", "resume", "withdraw"]),
};

/**
 * `index` counts the steps of the plan from 0. A step that another holds has a `path`, too: the numbers that lead to it,
 * from 1 (`4.2.1` is the first step of the second branch of step 4).
 */
const whichStep = {
  index: z.int(),
  step: z.string(),
  path: z
    .string()
    .regex(/^\d+(\.\d+)+$/)
    .optional(),
};
/** Of a fault that a step ordered: which of the run's, counted from 1, and its kind (`scenarios faults`). */
const ofStep = { faultId: z.int().min(1).optional(), kind: z.string().optional() };

/** What the harness itself records: its steps, what its witnesses saw from outside, and its faults. */
export const harnessHistory = {
  "run.started": z.object({
    run: z.string(),
    scenario: z.string(),
    seed: z.string(),
    options: z.record(z.string(), z.unknown()),
    /** How many steps the plan has, where the runner knows. */
    steps: z.int().min(0).optional(),
    /** The files that are tested, as they were when the run began, where somebody named them. */
    artifacts: z.array(z.object({ name: z.string(), sha256: Digest })).optional(),
    /** Of one that was run again because it did not pass: the names of its earlier attempts, in their order. */
    retryOf: z.array(z.string()).min(1).optional(),
  }),
  "run.phase": z.object({ phase: z.string(), edge: z.enum(["begin", "end"]) }),
  /** `residueDigest`: SHA-256 of the residue report in `verdict.json`, where the host was read twice. */
  "run.ended": z.object({ exitCode: z.int(), residueDigest: Digest.optional() }),
  "step.begin": z.object({ ...whichStep, title: z.string() }),
  "step.end": z.object({ ...whichStep, outcome: z.enum(["done", "failed", "not-applicable"]), detail: z.string() }),
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
    /** The jobs that it showed to whoever asked for those alone that it gave up. */
    dead: z.array(JobId).optional(),
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
   * further try of the hub's own, `cancelled` a spawn whose kill came before it, `unknown` one over a connection that there
   * is not.
   */
  "witness.delivery": z.object({
    commandId: z.string(),
    action: z.enum(["spawn", "status", "kill"]),
    truth: z.enum(["genuine", "again", "replayed", "forged", "stale", "suspended", "cancelled", "unknown"]),
    code: z.string(),
  }),
  /** A result was sent in an agent's name under a lease that is over, and how the broker answered; I2. */
  "witness.stale-result": z.object({
    agentId: AgentId,
    jobId: JobId,
    leaseId: LeaseId,
    epoch: Epoch,
    /** What was said under it; a result where it is not told. */
    action: z.enum(["progress", "return", "complete"]).optional(),
    code: z.string(),
  }),
  /** What a hub told of an agent that it had a spoke start, and what the spoke itself showed right after; FE-1. */
  "witness.remote": z.object({
    commandId: z.string(),
    executionId: ExecutionId,
    hub: z.object({ state: z.enum(executionStates), pid: z.int().nullable() }).nullable(),
    spoke: z.object({ state: z.enum(executionStates), pid: z.int().nullable() }).nullable(),
  }),
  /** Something was broken on purpose. */
  "fault.applied": z.object({
    fault: z.string(),
    /** Whom it hit: an agent id, "broker", "store". */
    target: z.string(),
    detail: z.string(),
    /** What it took away for good (jobs that a store forgot), by id. */
    subjects: z.array(z.string()),
    ...ofStep,
  }),
  /**
   * What was measured of a fault that a step ordered: what was looked for, and what was there. The last word on a fault
   * counts; one that had no effect to be seen makes the run unknown.
   */
  "fault.effect": z.object({
    fault: z.string(),
    target: z.string(),
    seen: z.boolean(),
    lookedFor: z.string(),
    found: z.string(),
    ...ofStep,
  }),
  "fault.undone": z.object({ fault: z.string(), target: z.string(), detail: z.string().optional(), ...ofStep }),
  expectation: z.object({
    id: z.string(),
    title: z.string(),
    result: z.enum(["pass", "fail", "unknown"]),
    detail: z.string(),
  }),
  "watch.file": z.object({ change: z.enum(["add", "change", "unlink", "addDir", "unlinkDir"]), path: z.string() }),
  "process.exit": z.object({ name: z.string(), pid: z.int(), code: z.int().nullable(), signal: z.string().nullable() }),
} as const;
