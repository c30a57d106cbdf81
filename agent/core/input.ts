import type { ControlRequest } from "../../protocol/control.ts";
import type { ExitReason } from "../../protocol/exit-reason.ts";
import type {
  AcceptResponse,
  BrokerEvent,
  CheckpointContent,
  EnrolResponse,
  HeartbeatResponse,
  WithdrawResponse,
} from "../../protocol/messages.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import type * as z from "zod";
import type { BrokerOutcome } from "./outcome.ts";
import type { PauseBy, RecoveredLease, WithdrawalRecord } from "./state.ts";

type ProcessesLeft = WithdrawalReport["processesLeft"];

/** Names of the agent's timers; setting one again replaces it. */
export type TimerName =
  | "enrol"
  | "heartbeat"
  | "leases"
  | "outbox"
  | "snapshot"
  | "acknowledge"
  | "periodic"
  | "cooperation"
  | "quiet"
  | "shutdown"
  | "withdraw";

/** Everything that can happen to an agent. Each is handled at the time when it was seen, not when it was looked at. */
export type AgentInput =
  // Its own start, and what an earlier instance left.
  | {
      readonly type: "started";
      readonly agentId: string | null;
      /** Whether the key is there to sign with; a withdrawal that was killed late has wiped it. */
      readonly hasKey: boolean;
      readonly pid: number;
      readonly driver: string;
      /** Differs after a reboot of the host; empty where that cannot be told. */
      readonly bootId: string;
      readonly recovered: Recovered;
      /** False when this instance was started only to withdraw. */
      readonly mayEnrol: boolean;
    }
  | {
      readonly type: "straysEnded";
      readonly terminated: number;
      readonly left: ProcessesLeft;
      /** Who would not have been seen on this machine, as half a sentence. */
      readonly unseen?: string;
    }
  // The owner, the operator, the system.
  | { readonly type: "control"; readonly requestId: string; readonly request: ControlRequest }
  | { readonly type: "brokerEvent"; readonly event: BrokerEvent }
  | { readonly type: "signal"; readonly name: string }
  /** The owner does something at this host, or is said to by a schedule. */
  | {
      readonly type: "activity";
      /** Which trigger noticed what, in words: `files: /home/me/project`, `load`. */
      readonly what: string;
      /** When the host knew of it, by the core's clock; not after it was seen. */
      readonly noticedAtMs: number;
    }
  | { readonly type: "timer"; readonly name: TimerName }
  // The broker's answers.
  | { readonly type: "enrolAnswered"; readonly outcome: BrokerOutcome<EnrolResponse> }
  | {
      readonly type: "heartbeatAnswered";
      readonly outcome: BrokerOutcome<HeartbeatResponse>;
      readonly sentAtMs: number;
    }
  | {
      readonly type: "acceptAnswered";
      readonly leaseId: string;
      readonly outcome: BrokerOutcome<z.infer<typeof AcceptResponse>>;
    }
  | { readonly type: "completeAnswered"; readonly leaseId: string; readonly outcome: BrokerOutcome<unknown> }
  | { readonly type: "returnAnswered"; readonly leaseId: string; readonly outcome: BrokerOutcome<unknown> }
  | {
      readonly type: "uploadAnswered";
      readonly leaseId: string;
      readonly generation: number;
      readonly outcome: BrokerOutcome<unknown>;
    }
  | {
      readonly type: "progressAnswered";
      readonly leaseId: string;
      readonly generation: number;
      readonly outcome: BrokerOutcome<unknown>;
    }
  | { readonly type: "pausedAnswered"; readonly generation: number; readonly outcome: BrokerOutcome<unknown> }
  | { readonly type: "shutdownAnswered"; readonly outcome: BrokerOutcome<unknown> }
  | { readonly type: "withdrawAnswered"; readonly outcome: BrokerOutcome<WithdrawResponse> }
  /** The broker's answer to a request signed with the key after it was revoked. */
  | { readonly type: "revocationProbed"; readonly outcome: BrokerOutcome<unknown> }
  // The sandboxes.
  | {
      readonly type: "frozen";
      readonly generation: number;
      readonly freezeMs: number;
      readonly processes: number;
      readonly running: ProcessesLeft;
    }
  | { readonly type: "thawed"; readonly trigger: string; readonly thawMs: number; readonly requestId: string | null }
  | { readonly type: "sandboxPrepared"; readonly leaseId: string; readonly workspace: string }
  | { readonly type: "sandboxPrepareFailed"; readonly leaseId: string; readonly reason: string }
  | { readonly type: "sandboxStarted"; readonly leaseId: string; readonly pid: number; readonly cgroup: string | null }
  | { readonly type: "sandboxStartFailed"; readonly leaseId: string; readonly reason: string }
  | {
      readonly type: "sandboxExited";
      readonly leaseId: string;
      readonly reason: ExitReason;
      readonly progress: number;
      readonly result: string | null;
      /** Why the result that the job left cannot be handed in. */
      readonly resultProblem: string | null;
    }
  | {
      readonly type: "sandboxTerminated";
      readonly leaseId: string;
      readonly terminated: number;
      readonly left: ProcessesLeft;
    }
  | { readonly type: "sandboxWiped"; readonly leaseId: string; readonly left: readonly string[] }
  /** `unheard`: its first process does not listen for the signal, or is gone; it was not sent. */
  | {
      readonly type: "cooperated";
      readonly leaseId: string;
      readonly generation: number;
      readonly answer: "ready" | "unheard";
    }
  | {
      readonly type: "checkpointSaved";
      readonly leaseId: string;
      readonly generation: number;
      readonly content: CheckpointContent;
      readonly durationMs: number;
    }
  | {
      readonly type: "checkpointFailed";
      readonly leaseId: string;
      readonly generation: number;
      readonly reason: string;
    }
  // The steps of a withdrawal that empty this host.
  | { readonly type: "autostartRemoved"; readonly removed: readonly string[]; readonly left: readonly string[] }
  | { readonly type: "socketsClosed"; readonly left: readonly string[]; readonly measured: string }
  | { readonly type: "homeWiped"; readonly wiped: readonly string[]; readonly left: readonly string[] }
  | {
      readonly type: "ledgerCleared";
      readonly entriesLeft: number;
      readonly directoriesLeft: readonly string[];
      /** Parents that were made for the home, and that others use by now. */
      readonly directoriesKept?: readonly string[];
      readonly wiped: readonly string[];
    };

export interface Recovered {
  readonly enrolmentSent: boolean;
  readonly pause: { readonly by: PauseBy; readonly reason: string } | null;
  /** Whether the owner resumed while active at the host, and it was not quiet since. */
  readonly activityIgnored: boolean;
  readonly leases: readonly RecoveredLease[];
  readonly withdrawal: WithdrawalRecord | null;
  /** Whether the ledger lists processes or cgroups of an earlier instance. */
  readonly strays: boolean;
}
