import type { BrokerInputType, BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import {
  AcceptResponse,
  Acknowledged,
  EnrolResponse,
  HeartbeatResponse,
  Problem,
  SubmitResponse,
  WithdrawResponse,
} from "../../../protocol/messages.ts";
import { ExecutionView, KillswitchResponse } from "../../../protocol/executions.ts";
import { ConnectionView, RemoteExecution } from "../../../protocol/federation.ts";
import * as z from "zod";
import { Form } from "./form.ts";

const uploadStatus = z.strictObject({ offset: z.int().min(0), complete: z.boolean() });

const form = (of: string, schema: z.ZodType): Form<z.ZodType> => new Form(`the answer to ${of}`, schema);

/** Of those that say more than that it is done. */
const answers = new Map<BrokerInputType, Form<z.ZodType>>([
  ["enrol", form("enrol", EnrolResponse)],
  ["heartbeat", form("heartbeat", HeartbeatResponse)],
  ["accept", form("accept", AcceptResponse)],
  ["withdraw", form("withdraw", WithdrawResponse)],
  ["submit", form("submit", SubmitResponse)],
  ["spawn", form("spawn", ExecutionView)],
  ["kill", form("kill", ExecutionView)],
  ["kill-all", form("kill-all", KillswitchResponse)],
  ["invite", form("invite", ConnectionView)],
  ["join", form("join", ConnectionView)],
  ["joined", form("joined", ConnectionView)],
  ["set-connection", form("set-connection", ConnectionView)],
  ["federated", form("federated", z.strictObject({ executions: z.array(RemoteExecution) }))],
  // These cross in header fields.
  ["upload-asked", form("upload-asked", uploadStatus)],
  ["upload-chunk", form("upload-chunk", uploadStatus.extend({ take: z.boolean() }))],
  ["upload-stored", form("upload-stored", uploadStatus)],
]);
const acknowledgement = form("a call", Acknowledged);
const refusal = new Form("a refusal", Problem);

/**
 * Whoever asked reads the answer by its schema, and takes what that refuses for a broken broker. What goes over the
 * network is looked at as a whole there.
 */
export function demandAnswer(type: BrokerInputType, response: BrokerResponse): void {
  if (response.ok) (answers.get(type) ?? acknowledgement).demand(response.answer, type === "submit");
  else {
    const { ok: _ok, ...problem } = response;
    refusal.demand(problem, true);
  }
}
