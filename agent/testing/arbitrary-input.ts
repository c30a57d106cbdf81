import fc from "fast-check";

import type { AgentEffect } from "../core/effect.ts";
import type { AgentInput, TimerName } from "../core/input.ts";
import type { BrokerFailure, BrokerOutcome } from "../core/outcome.ts";
import { defaultTiming } from "../../protocol/timing.ts";

/** Few enough names that inputs meet, and one that nobody ever gave. */
const leaseId = fc.constantFrom("lease-1", "lease-2", "lease-3", "lease-4", "lease-nobodys");
const jobOf = (lease: string): string => lease.replace("lease", "job");
const generation = fc.nat(6);
const requestId = fc.constantFrom("a", "b", "c", "nobodys");
const digest = "a".repeat(64);
const reason = "arbitrary";
const processes = fc.array(fc.constant({ pid: 7, startTime: "7", command: "job" }), { maxLength: 1 });
const count = fc.nat(3);
const names = fc.constantFrom<readonly string[]>([], ["/somewhere"]);
const epoch = fc.integer({ min: 1, max: 2 });
const wallMs = fc.integer({ min: 1_000_000, max: 1_400_000 });

const codes = [
  "unreachable",
  "unreachable",
  "unreachable",
  "internal",
  "fenced",
  "revoked",
  "unknown-agent",
  "unknown-lease",
  "internal",
  "malformed",
] as const;
const failure = fc.constantFrom(...codes, "damaged-checkpoint" as const, "bad-join-token" as const).map(
  (code): BrokerFailure => ({
    ...{ ok: false, code, message: reason },
    retriable: code === "unreachable" || code === "internal" || code === "malformed",
  }),
);
const outcomeOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<BrokerOutcome<T>> =>
  fc.oneof(
    { weight: 3, arbitrary: value.map((answer) => ({ ok: true, value: answer }) as const) },
    { weight: 1, arbitrary: failure },
  );
const nothing = outcomeOf(fc.constant(null));
const checkpoint = { manifestDigest: digest, archiveDigest: digest, archiveBytes: 1, progress: 1 };
const cooperates = { checkpoint: { cooperative: { signal: "SIGUSR1", file: "ready", waitMs: 1_000 } } } as const;
const offer = fc
  .record({ leaseId, epoch, expiresAt: wallMs, goesOn: fc.boolean(), cooperative: fc.boolean() })
  .map(({ goesOn, cooperative, ...lease }) => ({
    ...lease,
    jobId: jobOf(lease.leaseId),
    job: {
      ...{ command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 },
      ...(cooperative ? cooperates : {}),
    },
    ...(goesOn ? { checkpoint: { ...checkpoint, number: 2 } } : {}),
  }));
const timers = [
  ...[
    "enrol",
    "heartbeat",
    "leases",
    "outbox",
    "snapshot",
    "acknowledge",
    "periodic",
    "cooperation",
    "quiet",
    "shutdown",
    "withdraw",
  ],
] as readonly TimerName[];

type Input<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;
type Fields<T extends AgentInput["type"]> = {
  readonly [K in Exclude<keyof Input<T>, "type">]: fc.Arbitrary<Input<T>[K]>;
};

/** What each kind of input may say. One that is missing does not compile. */
const fields: { readonly [T in Exclude<AgentInput["type"], "started">]: Fields<T> } = {
  straysEnded: {
    terminated: count,
    left: processes,
    unseen: fc.constant("one that hides would not have been seen"),
  },
  control: {
    requestId,
    request: fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .constantFrom("status" as const, "pause" as const, "resume" as const, "resume" as const)
          .map((command) => ({ command })),
      },
      fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }).map((deadlineMs) => ({
        command: "withdraw" as const,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      })),
    ),
  },
  brokerEvent: {
    event: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom("pause" as const, "resume" as const).map((event) => ({ event, data: { reason } })),
      },
      fc.constant({ event: "goodbye" as const, data: { reason } }),
      count.map((queued) => ({ event: "work_available" as const, data: { queued } })),
      fc.record({ leaseId, epoch }).map((lease) => ({ event: "lease_revoked" as const, data: { ...lease, reason } })),
    ),
  },
  activity: { what: fc.constantFrom("load", "schedule"), noticedAtMs: fc.constant(0) },
  signal: { name: fc.constantFrom("SIGTERM", "SIGINT") },
  timer: { name: fc.constantFrom(...timers) },
  enrolAnswered: {
    outcome: outcomeOf(wallMs.map((brokerTimeMs) => ({ agentId: digest, brokerTimeMs, timing: { ...defaultTiming } }))),
  },
  heartbeatAnswered: {
    outcome: outcomeOf(
      fc.record({
        brokerTimeMs: wallMs,
        offers: fc.array(offer, { maxLength: 3 }),
        renewed: fc.array(fc.record({ leaseId, expiresAt: wallMs }), { maxLength: 3 }),
        lost: fc.array(fc.record({ leaseId, reason: fc.constant(reason) }), { maxLength: 1 }),
      }),
    ),
    sentAtMs: wallMs,
  },
  acceptAnswered: { leaseId, outcome: outcomeOf(fc.record({ expiresAt: wallMs })) },
  completeAnswered: { leaseId, outcome: nothing },
  returnAnswered: { leaseId, outcome: nothing },
  uploadAnswered: { leaseId, generation, outcome: nothing },
  progressAnswered: { leaseId, generation, outcome: nothing },
  pausedAnswered: { generation, outcome: nothing },
  shutdownAnswered: { outcome: nothing },
  withdrawAnswered: { outcome: outcomeOf(fc.record({ revokedAt: wallMs, leasesHandedBack: count })) },
  revocationProbed: { outcome: nothing },
  frozen: { generation, freezeMs: count, processes: count, running: processes },
  thawed: { trigger: fc.constant(reason), thawMs: count, requestId: fc.option(requestId) },
  sandboxPrepared: { leaseId, workspace: fc.constant("/w") },
  sandboxPrepareFailed: { leaseId, reason: fc.constant(reason) },
  sandboxStarted: { leaseId, pid: count, cgroup: fc.constant(null) },
  sandboxStartFailed: { leaseId, reason: fc.constant(reason) },
  sandboxExited: {
    leaseId,
    reason: fc.oneof(
      fc.record({ by: fc.constant("itself" as const), exitCode: fc.nat(1) }),
      fc.record({ by: fc.constant("signal" as const), signal: fc.constantFrom("SIGTERM", "SIGKILL") }),
    ),
    progress: count,
    result: fc.constant("done"),
    resultProblem: fc.constant(null),
  },
  sandboxTerminated: { leaseId, terminated: count, left: processes },
  sandboxWiped: { leaseId, left: names },
  cooperated: { leaseId, generation, answer: fc.constantFrom("ready", "unheard") },
  checkpointSaved: { leaseId, generation, content: fc.constant(checkpoint), durationMs: count },
  checkpointFailed: { leaseId, generation, reason: fc.constant(reason) },
  autostartRemoved: { removed: names, left: names },
  socketsClosed: { left: names, measured: fc.constant(reason) },
  homeWiped: { wiped: names, left: names },
  ledgerCleared: { entriesLeft: count, directoriesLeft: names, directoriesKept: names, wiped: names },
};

export const inputTypes = Object.keys(fields) as (keyof typeof fields)[];

/** Whether it comes from outside: from the owner, the broker or the system, who say what they like when they like. */
export function isFromOutside({ type }: AgentInput): boolean {
  return ["control", "brokerEvent", "signal", "activity"].includes(type);
}

/** What is said from outside; what ends an agent is said seldom, or little else would be seen of it. */
export const fromOutside: fc.Arbitrary<AgentInput> = fc.oneof(
  { weight: 6, arbitrary: inputOf("control") },
  { weight: 8, arbitrary: inputOf("brokerEvent") },
  { weight: 1, arbitrary: inputOf("signal") },
  { weight: 2, arbitrary: inputOf("activity") },
);

/** Any input but the first, whether anybody asked for it or not. */
export const arbitraryInput: fc.Arbitrary<AgentInput> = fc.constantFrom(...inputTypes).chain(inputOf);

function inputOf(type: (typeof inputTypes)[number]): fc.Arbitrary<AgentInput> {
  return fc
    .record(fields[type] as Record<string, fc.Arbitrary<unknown>>)
    .map((said) => ({ ...said, type }) as AgentInput);
}

/** What may be asked for and be answered: an effect, or a sandbox that runs and will end. */
export type Asked = AgentEffect | { readonly kind: "sandboxRuns"; readonly leaseId: string };

/** What that is answered by, if by anything; all but what it is about is arbitrary. */
export function answerTo(asked: Asked, { say, nowMs }: { say: number; nowMs: number }): AgentInput | null {
  const types = answers[asked.kind] ?? [];
  const type = types[say % Math.max(1, types.length)];
  if (type === undefined) return null;
  const said = fc.sample(inputOf(type), { numRuns: 1, seed: say })[0] as AgentInput;
  const fitting: Record<string, unknown> = {};
  for (const name of ["leaseId", "generation", "trigger", "requestId"] as const) {
    if (name in asked && name in said) fitting[name] = (asked as unknown as Record<string, unknown>)[name];
  }
  if (asked.kind === "returnLease") fitting["leaseId"] = asked.handBack.leaseId;
  if (type === "heartbeatAnswered") fitting["sentAtMs"] = nowMs;
  return { ...said, ...fitting };
}

const answers: { readonly [K in Asked["kind"]]?: readonly (keyof typeof fields)[] } = {
  freezeAll: ["frozen"],
  thawAll: ["thawed"],
  endStrays: ["straysEnded"],
  enrol: ["enrolAnswered"],
  heartbeat: ["heartbeatAnswered"],
  accept: ["acceptAnswered"],
  complete: ["completeAnswered"],
  returnLease: ["returnAnswered"],
  uploadCheckpoint: ["uploadAnswered"],
  reportProgress: ["progressAnswered"],
  notifyPaused: ["pausedAnswered"],
  notifyShutdown: ["shutdownAnswered"],
  withdraw: ["withdrawAnswered"],
  probeRevocation: ["revocationProbed"],
  prepareSandbox: ["sandboxPrepared", "sandboxPrepared", "sandboxPrepareFailed"],
  startSandbox: ["sandboxStarted", "sandboxStarted", "sandboxStartFailed"],
  sandboxRuns: ["sandboxExited"],
  terminateSandbox: ["sandboxTerminated"],
  wipeSandbox: ["sandboxWiped"],
  askCooperation: ["cooperated"],
  saveCheckpoint: ["checkpointSaved", "checkpointSaved", "checkpointFailed"],
  removeAutostart: ["autostartRemoved"],
  closeSockets: ["socketsClosed"],
  wipeHome: ["homeWiped"],
  clearLedger: ["ledgerCleared"],
};
