import type { HistoryType } from "../../../protocol/history.ts";
import type { EnrolRequest, JobSpec, ProblemCode } from "../../../protocol/messages.ts";
import { type Timing, defaultTiming } from "../../../protocol/timing.ts";
import type { BrokerInput, BrokerResponse, Caller } from "../../core/inputs.ts";
import type { JobRecord } from "../../core/records.ts";

/** What the model asks of a broker. */
export type Asked =
  | "submit"
  | "cancel"
  | "drain"
  | "enrol"
  | "heartbeat"
  | "accept"
  | "decline"
  | "complete"
  | "return";
export type AskedInput = { readonly [T in Asked]: BrokerInput<T> }[Asked];

/** An answer, or a refusal by its code; `status` where it came by HTTP. */
export type Answered<T extends Asked> =
  | Extract<BrokerResponse<T>, { ok: true }>
  | { readonly ok: false; readonly code: ProblemCode; readonly message: string; readonly status?: number };

export interface Identity extends Pick<EnrolRequest, "publicKey" | "revocation"> {
  readonly agentId: string;
}

/** What a broker says of a job, as far as the model knows better. */
export type JobSeen = Pick<JobRecord, "jobId" | "state" | "redeliveries" | "waitsUntil" | "result"> & {
  readonly leaseId: string | null;
  readonly agentId: string | null;
};

/** A line of the broker's own history. */
export interface Recorded {
  readonly type: HistoryType;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One of the things that the same rules must hold of: the reducer by itself, or with a body around it. */
export interface BrokerBody {
  /** The agent of this number, with a key of its own. */
  identity(number: number): Identity;
  nowMs(): number;
  ask<T extends Asked>(input: BrokerInput<T>): Promise<Answered<T>>;
  /** Asks for all of it before the first is answered, where the body can tell what came first. */
  askTogether(inputs: readonly AskedInput[]): Promise<Answered<Asked>[]>;
  /** Brings a checkpoint's blob under a lease that the caller holds. */
  bring(
    caller: Caller,
    blob: { readonly leaseId: string; readonly content: Buffer; readonly digest: string },
  ): Promise<void>;
  jobs(): Promise<JobSeen[]>;
  /** What was recorded since it was asked last, oldest first. */
  recorded(): Recorded[];
  /** Lets time go by; what is due on the way happens at its time. */
  advance(ms: number): Promise<void>;
  /** Keeps a copy of what the store holds now. */
  mark(): Promise<void>;
  /** Ends it without a word and starts it from its store, as that is now or was when it was marked. */
  restart(from: "now" | "mark"): Promise<void>;
  /** Puts the store back to the mark under the running broker; absent where nothing but the broker can reach it. */
  readonly forget?: () => Promise<void>;
  close(): Promise<void>;
}

/** Some day on which brokers run: their clock counts from 1970, and must not stand before 2026 (docs/adr/0005). */
export const dayMs = Date.UTC(2026, 10, 21);
/** How long a broker is away when it is started anew. */
export const awayMs = 1_000;

export const modelTiming: Timing = {
  ...defaultTiming,
  leaseTtlMs: 300,
  offerTtlMs: 30,
  activityTimeoutMs: 70,
  heartbeatIntervalMs: 30,
  backoffMs: 40,
  backoffMsMax: 100,
};

export function jobSpec(redeliveriesMax: number): JobSpec {
  return { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax };
}

export function seen({ jobId, state, redeliveries, waitsUntil, result, grant }: JobRecord): JobSeen {
  return {
    jobId,
    state,
    redeliveries,
    waitsUntil,
    result,
    leaseId: grant?.leaseId ?? null,
    agentId: grant?.agentId ?? null,
  };
}

/** An agent as a body without signatures sees it. */
export function plainIdentity(number: number): Identity {
  const agentId = String(number).padStart(64, "a");
  return { agentId, publicKey: "p".repeat(43), revocation: { agentId, signature: "s".repeat(86) } };
}
