import type * as z from "zod";

import type {
  Acknowledged,
  AcceptRequest,
  AcceptResponse,
  AgentCommand,
  CompleteRequest,
  DeclineRequest,
  EnrolRequest,
  EnrolResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  JobSpec,
  PausedRequest,
  ProblemCode,
  ProgressRequest,
  ResumedRequest,
  ReturnRequest,
  ShutdownRequest,
  WithdrawRequest,
  WithdrawResponse,
} from "../../protocol/messages.ts";
import type { ExecutionView, KillRequest, KillswitchResponse, SpawnSpec } from "../../protocol/executions.ts";
import type {
  CommandPayload,
  ConnectionView,
  JoinPayload,
  RemoteExecution,
  RemoteView,
} from "../../protocol/federation.ts";
import type { ChunkPlace, UploadStatus } from "../../protocol/uploads.ts";
import type { ExecutionRecord, ProcessEnd, ProcessMark } from "./executions/execution-record.ts";
import type { UploadKey } from "./records.ts";

/** Who signed a request. The signature was verified before; whether the agent may act is decided by the core. */
export interface Caller {
  readonly agentId: string;
  readonly instanceId: string;
}

type Ok = z.infer<typeof Acknowledged>;

interface Calls {
  enrol: {
    input: {
      readonly caller: Caller;
      readonly message: Omit<EnrolRequest, "joinToken">;
      readonly joinTokenMatches: boolean;
      readonly revocationVerified: boolean;
    };
    answer: EnrolResponse;
  };
  heartbeat: { input: { readonly caller: Caller; readonly message: HeartbeatRequest }; answer: HeartbeatResponse };
  /** An event stream was opened. */
  connected: { input: { readonly caller: Caller }; answer: Ok };
  /** The agent's event stream ended, and no newer one took its place. */
  disconnected: { input: { readonly agentId: string }; answer: Ok };
  accept: { input: LeaseCall<typeof AcceptRequest>; answer: z.infer<typeof AcceptResponse> };
  decline: { input: LeaseCall<typeof DeclineRequest>; answer: Ok };
  progress: { input: LeaseCall<typeof ProgressRequest>; answer: Ok };
  complete: { input: LeaseCall<typeof CompleteRequest>; answer: Ok };
  return: { input: LeaseCall<typeof ReturnRequest>; answer: Ok };
  paused: { input: { readonly caller: Caller; readonly message: PausedRequest }; answer: Ok };
  resumed: { input: { readonly caller: Caller; readonly message: z.infer<typeof ResumedRequest> }; answer: Ok };
  shutdown: { input: { readonly caller: Caller; readonly message: ShutdownRequest }; answer: Ok };
  withdraw: {
    input: { readonly caller: Caller; readonly message: WithdrawRequest; readonly revocationVerified: boolean };
    answer: z.infer<typeof WithdrawResponse>;
  };
  /** How much of one part of a checkpoint is here. */
  "upload-asked": { input: UploadCall; answer: UploadStatus };
  /** A chunk of it has arrived. `take`: write it, and say so with `upload-stored` before anything else of this upload. */
  "upload-chunk": {
    input: UploadCall & { readonly chunk: ChunkPlace & { readonly bytes: number } };
    answer: UploadStatus & { readonly take: boolean };
  };
  /** So many bytes are in the store; of the whole also the SHA-256 that they were measured to have, else null. */
  "upload-stored": {
    input: UploadKey & { readonly bytes: number; readonly measured: string | null };
    answer: UploadStatus;
  };
  /** The store has lost what it had of an upload, or cannot write on. */
  "upload-lost": { input: UploadKey; answer: Ok };
  submit: { input: { readonly jobs: readonly JobSpec[] }; answer: { jobIds: string[] } };
  cancel: { input: { readonly jobId: string }; answer: Ok };
  command: { input: { readonly agentId: string; readonly message: AgentCommand }; answer: Ok };
  /** Out of service from here on, until its process ends; `drain.ts`. */
  drain: { input: { readonly reason: string }; answer: Ok };
  /** Start an agent on the broker's host; it is under way when this is answered. */
  spawn: { input: { readonly spec: SpawnSpec; readonly origin?: ExecutionRecord["origin"] }; answer: ExecutionView };
  kill: { input: { readonly executionId: string; readonly message: KillRequest }; answer: ExecutionView };
  "kill-all": { input: { readonly message: KillRequest }; answer: z.infer<typeof KillswitchResponse> };
  // What the host says of the processes of executions; `executions/host-reports.ts`.
  spawned: { input: { readonly executionId: string; readonly process: ProcessMark }; answer: Ok };
  "spawn-failed": { input: { readonly executionId: string; readonly error: string }; answer: Ok };
  exited: { input: { readonly executionId: string; readonly end: ProcessEnd }; answer: Ok };
  found: { input: { readonly executionId: string; readonly process: ProcessMark }; answer: Ok };
  missing: { input: { readonly executionId: string }; answer: Ok };
  // Federation: `federation/`. Signatures are checked before, and what came of that is said.
  invite: {
    input: Pick<ConnectionView, "connectionId" | "name"> & {
      readonly secretDigest: string;
      readonly invitedUntil: number;
    };
    answer: ConnectionView;
  };
  join: {
    input: Omit<JoinPayload, "secret"> & { readonly secretDigest: string; readonly isVerified: boolean };
    answer: ConnectionView;
  };
  joined: {
    input: Pick<ConnectionView, "connectionId" | "name"> & { readonly peerKey: string; readonly peerUrl: string };
    answer: ConnectionView;
  };
  "set-connection": {
    input: { readonly connectionId: string; readonly to: "active" | "suspended" | "revoked" };
    answer: ConnectionView;
  };
  /** A command of a hub has arrived. `actionDigest`: SHA-256 of its action, by which a try again is known. */
  federated: {
    input: { readonly command: CommandPayload; readonly actionDigest: string; readonly isVerified: boolean };
    answer: { readonly executions: RemoteExecution[] };
  };
  "remote-asked": { input: Pick<RemoteView, "connectionId" | "commandId" | "spec">; answer: Ok };
  "remote-told": { input: Pick<RemoteView, "commandId" | "execution" | "refused">; answer: Ok };
  /** Time went by. */
  tick: { input: object; answer: Ok };
}

interface UploadCall {
  readonly caller: Caller;
  readonly leaseId: string;
  readonly digest: string;
}

interface LeaseCall<S extends z.ZodType> {
  readonly caller: Caller;
  readonly leaseId: string;
  readonly message: z.infer<S>;
}

export type BrokerInputType = keyof Calls;

const facts: ReadonlySet<BrokerInputType> = new Set([
  ...(["tick", "disconnected", "upload-stored", "upload-lost"] as const),
  // What the host says of its processes, and other brokers of what they have done.
  ...(["spawned", "spawn-failed", "exited", "found", "missing", "joined", "remote-told"] as const),
  // It lasts no longer than the process, and asks nothing of the store.
  "drain",
]);

/** Whether it is so already and must be noted, whether or not the store can be written to just now. */
export function isFact(type: BrokerInputType): boolean {
  return facts.has(type);
}

export type BrokerInput<T extends BrokerInputType = BrokerInputType> = {
  [K in T]: { readonly type: K } & Calls[K]["input"];
}[T];

/** A refusal; it has changed nothing. */
export interface Refusal {
  readonly ok: false;
  readonly code: ProblemCode;
  readonly message: string;
  /** With `offset-mismatch`: where the next chunk of the upload begins. */
  readonly expectedOffset?: number;
}
export type BrokerResponse<T extends BrokerInputType = BrokerInputType> =
  | { readonly ok: true; readonly answer: Calls[T]["answer"] }
  | Refusal;

export type BrokerHandler<T extends BrokerInputType, Turn> = (turn: Turn, input: BrokerInput<T>) => BrokerResponse<T>;

/** The answer of a call that has nothing more to say. */
export const acknowledged: { readonly ok: true; readonly answer: Ok } = { ok: true, answer: { ok: true } };

/** Builds a refusal; `message` is one sentence for whoever sent the request. */
export function refuse(code: ProblemCode, message: string): Refusal {
  return { ok: false, code, message };
}
