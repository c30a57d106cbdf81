import type { ControlResponse } from "../../protocol/control.ts";
import type { CooperativeCheckpoint } from "../../protocol/cooperative-checkpoint.ts";
import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type {
  CheckpointReference,
  CompleteRequest,
  HandBack,
  HeartbeatRequest,
  JobSpec,
  PausedRequest,
} from "../../protocol/messages.ts";
import type * as z from "zod";
import type { TimerName } from "./input.ts";
import type { PauseBy, WithdrawalRecord } from "./state.ts";

type HandedBack = readonly z.infer<typeof HandBack>[];

/** What an earlier instance's successor must know of a lease. */
export interface LeaseNote {
  readonly jobId: string;
  readonly epoch: number;
  readonly checkpoint: { readonly reference: CheckpointReference; readonly generation: number } | null;
  readonly uploaded: boolean;
  readonly report: CompleteRequest | null;
  /** The boot of this host in which its job was spawned; null before that, and once its end is the agent's or its own. */
  readonly spawnedInBoot: string | null;
}

/** What the agent keeps across its instances, on the disk before anything else happens. */
export type Note =
  | { readonly key: "membership"; readonly value: { readonly enrolmentSent: boolean } | null }
  | { readonly key: "pause"; readonly value: { readonly by: PauseBy; readonly reason: string } | null }
  /** The owner resumed while active at the host, and it has not been quiet since. */
  | { readonly key: "activity"; readonly value: { readonly ignored: true } | null }
  | { readonly key: "withdrawal"; readonly value: WithdrawalRecord | null }
  | { readonly key: `lease:${string}`; readonly value: LeaseNote | null };

type RecordEffect = {
  [T in HistoryType]: { readonly kind: "record"; readonly type: T; readonly data: HistoryData<T> };
}[HistoryType];

/**
 * What the core wants done, as plain data, in this order. Those marked «at once» are carried out before anything else
 * happens; every other one answers later by the input named beside it.
 */
export type AgentEffect =
  | RecordEffect
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly message: string }
  /** At once: the call returns when the journal is on the disk. */
  | { readonly kind: "remember"; readonly note: Note }
  | { readonly kind: "answer"; readonly requestId: string; readonly response: ControlResponse }
  | { readonly kind: "setTimer"; readonly name: TimerName; readonly delayMs: number; readonly jitterRatio: number }
  | { readonly kind: "clearTimer"; readonly name: TimerName }
  /** The agent serves its owner and has settled with the broker, or will not soon. */
  | { readonly kind: "ready" }
  /** At once → `frozen`. */
  | { readonly kind: "freezeAll"; readonly generation: number; readonly triggeredAtMs: number }
  /** At once → `thawed`. */
  | {
      readonly kind: "thawAll";
      readonly trigger: string;
      readonly triggeredAtMs: number;
      /** The request that it answers, or null. */
      readonly requestId: string | null;
    }
  /** What an earlier instance left running or, with `everything`, what this one runs too → `straysEnded` */
  | {
      readonly kind: "endStrays";
      readonly everything: boolean;
      readonly graceMs: number;
      readonly deadlineMs: number;
    }
  // To the broker.
  /** → `enrolAnswered` */
  | { readonly kind: "enrol"; readonly slots: number }
  /** Opens the event stream, or leaves the open one as it is → `brokerEvent`. */
  | { readonly kind: "openEvents" }
  /** → `heartbeatAnswered`; whoever sends it adds the host's resources and each job's latest progress. */
  | { readonly kind: "heartbeat"; readonly request: Omit<HeartbeatRequest, "resources"> }
  /** → `acceptAnswered` */
  | { readonly kind: "accept"; readonly leaseId: string; readonly epoch: number }
  /** Answered by nothing: an offer that nobody accepts lapses. */
  | {
      readonly kind: "decline";
      readonly leaseId: string;
      readonly epoch: number;
      readonly reason: string;
      readonly startFailed: boolean;
    }
  /** → `completeAnswered` */
  | { readonly kind: "complete"; readonly leaseId: string; readonly body: CompleteRequest }
  /** → `returnAnswered` */
  | {
      readonly kind: "returnLease";
      readonly handBack: z.infer<typeof HandBack>;
      readonly reason: string;
      readonly startFailed: boolean;
      readonly agentDied: boolean;
    }
  /** → `uploadAnswered` */
  | {
      readonly kind: "uploadCheckpoint";
      readonly leaseId: string;
      readonly generation: number;
      readonly reference: CheckpointReference;
    }
  /** Tells the broker whose checkpoint was just brought there → `progressAnswered` */
  | {
      readonly kind: "reportProgress";
      readonly leaseId: string;
      readonly generation: number;
      readonly epoch: number;
      readonly checkpoint: CheckpointReference;
    }
  /** → `pausedAnswered` */
  | { readonly kind: "notifyPaused"; readonly generation: number; readonly body: PausedRequest }
  /** Answered by nothing: the next heartbeat says the same. */
  | { readonly kind: "notifyResumed"; readonly reason: string }
  /** → `shutdownAnswered` */
  | {
      readonly kind: "notifyShutdown";
      readonly reason: string;
      readonly handedBack: HandedBack;
      readonly timeoutMs: number;
    }
  /** → `withdrawAnswered` */
  | { readonly kind: "withdraw"; readonly handedBack: HandedBack; readonly timeoutMs: number }
  /** → `revocationProbed` */
  | { readonly kind: "probeRevocation"; readonly timeoutMs: number }
  // On this host.
  /** Makes the working directory, with the checkpoint's content if there is one → `sandboxPrepared`, `sandboxPrepareFailed`. */
  | { readonly kind: "prepareSandbox"; readonly leaseId: string; readonly checkpoint: CheckpointReference | null }
  /** → `sandboxStarted`, `sandboxStartFailed`, later `sandboxExited` */
  | {
      readonly kind: "startSandbox";
      readonly leaseId: string;
      readonly jobId: string;
      readonly epoch: number;
      readonly job: JobSpec;
    }
  /** → `sandboxTerminated`. One that is under way is hurried, and both are answered when that is over. */
  | {
      readonly kind: "terminateSandbox";
      readonly leaseId: string;
      readonly graceMs: number;
      readonly deadlineMs: number;
    }
  /** → `sandboxWiped` */
  | { readonly kind: "wipeSandbox"; readonly leaseId: string }
  /** Signals the job, if it listens, and waits for the file that it is to write → `cooperated`, or nothing at all. */
  | {
      readonly kind: "askCooperation";
      readonly leaseId: string;
      readonly generation: number;
      readonly cooperative: CooperativeCheckpoint;
    }
  /** At once: nobody waits for such a file any more. */
  | { readonly kind: "endCooperation" }
  /** → `checkpointSaved`, `checkpointFailed` */
  | {
      readonly kind: "saveCheckpoint";
      readonly leaseId: string;
      readonly jobId: string;
      readonly epoch: number;
      readonly generation: number;
      /** Of a job that cooperates: whether it had put its files in order; else null. */
      readonly cooperative: boolean | null;
    }
  | { readonly kind: "discardCheckpoint"; readonly leaseId: string; readonly generation: number }
  /** What lies in the home of leases that are not these; an earlier instance was killed. Answered by nothing. */
  | { readonly kind: "wipeLeftovers"; readonly leaseIds: readonly string[] }
  /** All of a lease's checkpoints: it is settled. */
  | { readonly kind: "discardCheckpoints"; readonly leaseId: string }
  /** The startup hook that the ledger knows of, if any → `autostartRemoved` */
  | { readonly kind: "removeAutostart" }
  /** → `socketsClosed` */
  | { readonly kind: "closeSockets" }
  /** Everything under home but the ledger, as far as there is time → `homeWiped`. One that is under way is hurried. */
  | { readonly kind: "wipeHome"; readonly deadlineMs: number }
  /** The ledger, the home, and the parents made for it, unless something is left that it must name → `ledgerCleared`. */
  | { readonly kind: "clearLedger"; readonly keep: boolean }
  /** The process ends; one that was interrupted does not wait for anything that is under way. */
  | { readonly kind: "exit"; readonly ending: Ending };

export type Ending =
  | { readonly how: "shutdown" }
  | { readonly how: "interrupted" }
  | { readonly how: "withdrawn"; readonly clean: boolean }
  /** The broker will never take this agent; `fresh`: nothing was ever enrolled here, so nothing is left behind. */
  | { readonly how: "refused"; readonly code: string; readonly message: string; readonly fresh: boolean };
