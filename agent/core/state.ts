import type { AgentState } from "../../protocol/agent-states.ts";
import type { EndedExecution, PauseResult } from "../../protocol/control.ts";
import type { ExecutionState } from "../../protocol/execution-states.ts";
import type { ExitReason } from "../../protocol/exit-reason.ts";
import type { CheckpointReference, CompleteRequest, JobSpec } from "../../protocol/messages.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import type { WithdrawalReport, WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import { agentLimits } from "./limits.ts";

/** Everything that the agent's decisions rest on: plain data, so that the simulator can copy, compare and print it. */
export interface AgentCore {
  readonly instanceId: string;
  /** The boot of the host in which this instance runs. */
  bootId: string;
  agentId: string | null;
  hasKey: boolean;
  agent: AgentState;
  /** Why the agent is in this state, for the owner. */
  reason: string;
  slots: number;
  timing: Timing;
  /** Whether an enrolment was ever sent; if not, the broker cannot know the key. */
  enrolmentSent: boolean;
  /** Whether the broker knows this instance: it refuses every other call of one that it does not. */
  enrolled: boolean;
  /** Whether a call is under way, or the timer for the next one is set. */
  enrolCall: "none" | "inFlight" | "waits";
  /** Attempts since the last that succeeded. */
  enrolAttempts: number;
  enrolledAtMs: number;
  /** How often the broker heeded another instance, since it last heeded this one in peace. */
  timesUnheeded: number;
  /** Whether this instance heard the broker in its last exchange. */
  brokerReachable: boolean;
  /** What it had against the last heartbeat or enrolment, in words; null where it took that, or was not heard. */
  brokerRefusal: string | null;
  /** Why the broker could not be heard at the latest call, in words; null where it was, or was not called yet. */
  brokerSilence: string | null;
  /** Broker's clock minus ours, never underestimated. */
  brokerAheadMs: number;
  heartbeat: { inFlight: boolean; again: string | null };
  /** Changed by `addLease` and `dropLease` alone. */
  readonly leases: Record<string, HeldLease>;
  /** The same in the order in which they came, because every turn goes through them. */
  leaseList: readonly HeldLease[];
  /** The jobs that were asked to put their files in order, while the freeze that they were asked for waits. */
  cooperation: Cooperation | null;
  freeze: Freeze | null;
  /** Grows with every freeze; a checkpoint counts only for the freeze in which it was taken. */
  freezeGeneration: number;
  pause: Pause | null;
  /** What the owner does at this host, until it has been quiet. */
  activity: Activity | null;
  /** For how long nothing of that may be noticed until it counts as over, in milliseconds. */
  readonly quietMs: number;
  shutdown: Shutdown | null;
  withdrawal: Withdrawal | null;
  /** Jobs that could not be spawned on this host, oldest first. */
  unspawnableJobs: { readonly jobId: string; readonly untilMs: number }[];
  /** The latest offers that were declined, oldest first. */
  declinedOffers: readonly { readonly leaseId: string; readonly reason: string; readonly startFailed: boolean }[];
  /** The latest executions of this instance that are over, oldest first. */
  endedExecutions: readonly EndedExecution[];
  outboxAttempts: number;
  /** Whether the timer for the next attempt runs. */
  outboxWaits: boolean;
}

/**
 * Where a lease is on its way through this host.
 * accepting → preparing → (held) → spawning → running → ending → wiping → reporting → gone
 * `held`: prepared while a pause is in force; it is spawned after the resume. `broken`: a process would not die; the
 * slot stays taken. `parted`: ended here, and the broker is told with all others (shutdown, withdrawal).
 */
export type LeaseStage =
  | "accepting"
  | "preparing"
  | "held"
  | "spawning"
  | "running"
  | "ending"
  | "broken"
  | "wiping"
  | "reporting"
  | "parted";

export interface HeldLease {
  readonly leaseId: string;
  readonly jobId: string;
  readonly epoch: number;
  /** Null for a lease left over from an earlier instance, which is only handed back. */
  readonly job: JobSpec | null;
  stage: LeaseStage;
  /** From `spawning` on; before that it stands at `spawning` and nothing of it was recorded. */
  execution: ExecutionState;
  /** Whether the broker counts it as this instance's; a lease of an earlier one is named in a heartbeat first. */
  claimed: boolean;
  acceptAttempts: number;
  /** Our own end of the lease, earlier than the broker's. */
  ownDeadlineMs: number;
  progress: number;
  sandbox: { readonly workspace: string; pid: number | null; cgroup: string | null } | null;
  checkpoint: SavedCheckpoint | null;
  /** The last freeze before which the job had put its files in order, or null. */
  readyGeneration: number | null;
  /** The freeze whose snapshot is being written, or null. */
  savingGeneration: number | null;
  /** The last freeze whose snapshot failed or was given up. */
  failedGeneration: number | null;
  /** Why that one failed. */
  snapshotFailure: string;
  /** Asked to stop, and what then: given back to the broker, forgotten, or parted from with all others. */
  stop: { readonly why: string; readonly after: "return" | "forget" | "part" } | null;
  /** Whether the end of its processes is asked for and not answered. */
  endInFlight: boolean;
  /** It could not be started here. */
  startFailed: boolean;
  /** See `LeaseNote`. */
  spawnedInBoot: string | null;
  /** An earlier instance died while its job ran, and no donor's doing explains it. */
  agentDied: boolean;
  /** How its first process ended by itself; `error` is null when the job is done. */
  exit: { readonly reason: ExitReason; readonly error: string | null } | null;
  report: LeaseReport | null;
  reportInFlight: boolean;
}

export interface SavedCheckpoint {
  readonly reference: CheckpointReference;
  /** The freeze in which it was taken; 0 for one that came with the offer. */
  readonly generation: number;
  /**
   * `untold`: the broker has its content, and may not have heard whose that is; what is nobody's it does not keep for
   * long. `refused`: the broker will never take it.
   */
  upload: "waiting" | "inFlight" | "done" | "untold" | "refused";
}

export type LeaseReport =
  | { readonly kind: "complete"; readonly body: CompleteRequest }
  | { readonly kind: "return"; readonly reason: string };

export interface Cooperation {
  /** The freeze that is to come. */
  readonly generation: number;
  readonly purpose: "periodic" | "shutdown";
  readonly trigger: string;
  readonly askedAtMs: number;
  /** Who has not answered, and until when each is waited for. */
  waiting: readonly { readonly leaseId: string; readonly endsAtMs: number }[];
}

export interface Freeze {
  readonly generation: number;
  readonly purpose: "pause" | "shutdown" | "withdraw" | "periodic";
  readonly trigger: string;
  readonly triggeredAtMs: number;
  /** Null until the driver has answered; then how long it took from the trigger. */
  freezeMs: number | null;
  /** When it was carried out first: until then nobody was heard. */
  frozenAtMs: number | null;
  sandboxes: number;
}

/** Who wants a pause, the one whose word counts most first; `activity` stands for what the owner does at the host. */
export type PauseBy = "owner" | "broker" | "activity";

export interface Activity {
  /** The latest that was noticed, in words. */
  what: string;
  /** It is over at this time, unless more is noticed before. */
  quietAtMs: number;
  /** The owner resumed while it went on: until it is over, nothing of it counts. */
  ignored: boolean;
}

export interface Pause {
  by: PauseBy;
  reason: string;
  readonly triggeredAtMs: number;
  /** What it came to, once the agent is Paused because of it. */
  result: PauseResult | null;
  /** Control requests that are answered when it is in force. */
  waiting: string[];
  acknowledgement: "waiting" | "inFlight" | "done";
  acknowledgeAttempts: number;
}

export interface Shutdown {
  readonly trigger: string;
  /** 1 graceful, 2 now with leases handed back, 3 at once. */
  level: 1 | 2 | 3;
  lastSignalAtMs: number;
  phase: "checkpoint" | "terminate" | "notify" | "done";
  /** The phase gives way to the next at this time. */
  phaseEndsAtMs: number;
  /** The leases that the broker was told of. */
  told: string[];
}

/** A withdrawal as it is journalled: what another instance needs to finish it. Its lists are replaced, never changed. */
export interface WithdrawalRecord {
  readonly trigger: string;
  readonly startedAtMs: number;
  /** How long an attempt may take, as the owner last wanted it. */
  deadlineMs: number;
  attempts: number;
  /** Intake is stopped in the very turn in which it begins. */
  current: Exclude<WithdrawalStep["step"], "stop-intake">;
  steps: readonly WithdrawalStep[];
  keyRevoked: WithdrawalReport["keyRevoked"];
  processesTerminated: number;
  processesLeft: Readonly<WithdrawalReport["processesLeft"]>;
  directoriesWiped: readonly string[];
  directoriesLeft: readonly string[];
  directoriesKept?: readonly string[];
  autostartLeft: readonly string[];
  socketsLeft: readonly string[];
  leasesHandedBack: number;
  leasesDeferred: number;
  ledgerEntriesLeft: number;
}

export interface Withdrawal {
  readonly record: WithdrawalRecord;
  /** Since when the time until its end is shared out: this instance's beginning, or when it was last hastened. */
  sharedFromMs: number;
  endsAtMs: number;
  stepBegunAtMs: number;
  /** Whoever asked for it; null for a cause that hears no answer. */
  waiting: (string | null)[];
  /** Whether the effect of the current step is under way. */
  asked: boolean;
  /** Whether the leases of an earlier instance were named to the broker. */
  claimSent: boolean;
  /** Whether checkpoints and results were sent on their way. */
  reportsSent: boolean;
  /** How many leases the broker was last asked to take back. */
  leasesTold: number;
  /** How often the broker was told. */
  brokerAttempts: number;
  /** No call before this time. */
  retryAtMs: number;
  /** Signals that came meanwhile. */
  signals: number;
  lastSignalAtMs: number | null;
}

/** What an earlier instance left in the journal. */
export interface RecoveredLease {
  readonly leaseId: string;
  readonly jobId: string;
  readonly epoch: number;
  readonly checkpoint: Omit<SavedCheckpoint, "upload"> | null;
  readonly uploaded: boolean;
  readonly report: CompleteRequest | null;
  readonly spawnedInBoot: string | null;
}

/** Most agents of a large fleet hold none, and have no list of their own. */
const noLeases: readonly never[] = [];
const noOffers: readonly never[] = [];
const noneEnded: readonly never[] = [];

export function initialCore({
  instanceId,
  slots,
  quietMs = agentLimits.quietMs,
}: {
  instanceId: string;
  slots: number;
  quietMs?: number;
}): AgentCore {
  return {
    instanceId,
    bootId: "",
    agentId: null,
    hasKey: false,
    agent: "Enrolling",
    reason: "the agent has just started",
    slots,
    timing: defaultTiming,
    enrolmentSent: false,
    enrolled: false,
    enrolCall: "none",
    enrolAttempts: 0,
    enrolledAtMs: 0,
    timesUnheeded: 0,
    brokerReachable: false,
    brokerRefusal: null,
    brokerSilence: null,
    brokerAheadMs: 0,
    heartbeat: { inFlight: false, again: null },
    leases: {},
    leaseList: noLeases,
    cooperation: null,
    freeze: null,
    freezeGeneration: 0,
    pause: null,
    activity: null,
    quietMs,
    shutdown: null,
    withdrawal: null,
    unspawnableJobs: [],
    declinedOffers: noOffers,
    endedExecutions: noneEnded,
    outboxAttempts: 0,
    outboxWaits: false,
  };
}
