import type * as z from "zod";

import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import {
  AcceptRequest,
  AcceptResponse,
  Acknowledged,
  CompleteRequest,
  DeclineRequest,
  EnrolRequest,
  EnrolResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  PausedRequest,
  ProgressRequest,
  ResumedRequest,
  ReturnRequest,
  ShutdownRequest,
  WithdrawRequest,
  WithdrawResponse,
} from "../../../protocol/messages.ts";
import { isRetriable } from "../../../protocol/retriable-problem.ts";

/** The calls whose bodies cross as JSON, with the schemas of both ways. */
const schemas = {
  enrol: [EnrolRequest, EnrolResponse],
  heartbeat: [HeartbeatRequest, HeartbeatResponse],
  accept: [AcceptRequest, AcceptResponse],
  decline: [DeclineRequest, Acknowledged],
  progress: [ProgressRequest, Acknowledged],
  complete: [CompleteRequest, Acknowledged],
  return: [ReturnRequest, Acknowledged],
  paused: [PausedRequest, Acknowledged],
  resumed: [ResumedRequest, Acknowledged],
  shutdown: [ShutdownRequest, Acknowledged],
  withdraw: [WithdrawRequest, WithdrawResponse],
} as const satisfies Record<string, readonly [z.ZodType, z.ZodType]>;

export type MessageRoute = keyof typeof schemas;
/** `events` opens the event stream; `put-blobs` and `get-blobs` carry a checkpoint's content. */
export type Route = MessageRoute | "events" | "put-blobs" | "get-blobs";

/** Whoever made a call, and hears how it ended. */
export interface Caller {
  readonly alive: boolean;
  readonly caller: { readonly agentId: string; readonly instanceId: string };
  answered(call: BrokerCall, outcome: BrokerOutcome<unknown>): void;
}

/** One request on its way to the broker and back. */
export interface BrokerCall {
  readonly from: Caller;
  readonly route: Route;
  readonly message: unknown;
  /** Of the lease that it is about, else empty. */
  readonly leaseId: string;
  /** Of the checkpoint that it is about, else 0. */
  readonly generation: number;
  /** By the caller's own clock. */
  readonly sentAtMs: number;
  /** In right time: the caller waits no longer. */
  readonly deadlineMs: number;
  /** Whether the caller was told how it ended. */
  settled: boolean;
  /** Whether the heap holds an event for the deadline. */
  watched: boolean;
}

/** How the message arrives when it crosses as bytes: whatever the schema does not know is refused. */
export function encodedRequest(route: Route, message: unknown): unknown {
  const pair = route in schemas ? schemas[route as MessageRoute] : undefined;
  return pair === undefined ? message : pair[0].parse(JSON.parse(JSON.stringify(message)));
}

/** How an answer arrives when it crosses as bytes. */
export function encodedAnswer(route: Route, response: BrokerResponse): BrokerResponse {
  const pair = route in schemas ? schemas[route as MessageRoute] : undefined;
  if (pair === undefined || !response.ok) return response;
  return { ok: true, answer: pair[1].parse(JSON.parse(JSON.stringify(response.answer))) };
}

export const unreachable: BrokerOutcome<never> = {
  ok: false,
  code: "unreachable",
  retriable: true,
  message: "the broker does not answer",
};

/** What a caller makes of an answer. */
export function outcomeOf(response: BrokerResponse): BrokerOutcome<unknown> {
  if (response.ok) return { ok: true, value: response.answer };
  const { code, message } = response;
  return { ok: false, code, retriable: isRetriable(code), message };
}
