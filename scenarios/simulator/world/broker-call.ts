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
import { Form } from "./form.ts";

interface MessageForms {
  readonly request: Form<z.ZodType>;
  readonly answer: Form<z.ZodType>;
}

/** The calls whose bodies cross as JSON, with the schemas of both ways. */
const forms = {
  enrol: formsOf("enrol", EnrolRequest, EnrolResponse),
  heartbeat: formsOf("heartbeat", HeartbeatRequest, HeartbeatResponse),
  accept: formsOf("accept", AcceptRequest, AcceptResponse),
  decline: formsOf("decline", DeclineRequest, Acknowledged),
  progress: formsOf("progress", ProgressRequest, Acknowledged),
  complete: formsOf("complete", CompleteRequest, Acknowledged),
  return: formsOf("return", ReturnRequest, Acknowledged),
  paused: formsOf("paused", PausedRequest, Acknowledged),
  resumed: formsOf("resumed", ResumedRequest, Acknowledged),
  shutdown: formsOf("shutdown", ShutdownRequest, Acknowledged),
  withdraw: formsOf("withdraw", WithdrawRequest, WithdrawResponse),
};

export type MessageRoute = keyof typeof forms;
/** `events` opens the event stream; `upload-chunk` and `get-blobs` carry a checkpoint's content. */
export type Route = MessageRoute | "events" | "upload-ask" | "upload-chunk" | "get-blobs";

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

/** How the message arrives: when it crosses as bytes, whatever its schema does not know is refused. */
export function arrivingRequest(route: Route, message: unknown, { asBytes }: { asBytes: boolean }): unknown {
  const request = formsOfRoute(route)?.request;
  if (asBytes && request !== undefined) return request.crossed(message);
  request?.demand(message, false);
  return message;
}

/** How an answer arrives. */
export function arrivingAnswer(
  route: Route,
  response: BrokerResponse,
  { asBytes }: { asBytes: boolean },
): BrokerResponse {
  const answer = formsOfRoute(route)?.answer;
  return asBytes && answer !== undefined && response.ok
    ? ({ ok: true, answer: answer.crossed(response.answer) } as BrokerResponse)
    : response;
}

function formsOfRoute(route: Route): MessageForms | undefined {
  return route in forms ? forms[route as MessageRoute] : undefined;
}

function formsOf(route: string, request: z.ZodType, answer: z.ZodType): MessageForms {
  return {
    request: new Form(`the request ${route}`, request),
    answer: new Form(`the answer to the request ${route}`, answer),
  };
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
  const { code, message, expectedOffset } = response;
  const failure = { ok: false, code, retriable: isRetriable(code), message } as const;
  return expectedOffset === undefined ? failure : { ...failure, expectedOffset };
}
