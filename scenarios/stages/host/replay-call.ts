import { randomUUID } from "node:crypto";

import { routes } from "../../../protocol/routes.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { sendCall, type WireCall, wireCall } from "./signed-call.ts";
import { noKey } from "./use-revoked-key.ts";

/** A call that a broker has heard. */
export interface HeardCall {
  readonly call: WireCall;
  /** At the latest; whole seconds, as the signature has them and the broker goes by them. */
  readonly signedAtMs: number;
}

/**
 * Has the broker hear a call that an agent's key has signed. It comes from a process start that never enrolled, so that
 * the broker believes the signature and does nothing.
 *
 * @throws StepError `not-heard` when the broker refuses it for something else
 */
export async function heardCall(stage: HostStage, name: string): Promise<HeardCall> {
  const agent = stage.agent(name);
  keepKey(stage, agent);
  const key = stage.keptKeys.get(name);
  if (key === undefined) throw noKey(name);
  const { agentId } = agent;
  const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 };
  const body = { state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] };
  // Before it is signed: a second that begins meanwhile makes it older here than for the broker, and never younger.
  const signedAtMs = Math.floor(Date.now() / 1_000) * 1_000;
  const call = wireCall({ agentId, instanceId: randomUUID(), key, path: routes.heartbeat, body });
  const { status, code } = await sendCall(stage, call);
  if (code === "fenced") return { call, signedAtMs };
  throw new StepError(`The broker answered a call of ${name}'s key with ${status} ${code}, and not with fenced.`, {
    code: "not-heard",
    next: "Its log in the run directory's logs/ has what it was asked.",
  });
}

/**
 * Sends it once more, to a broker that has started since.
 *
 * @throws StepError `not-refused`; `too-old` when any broker would refuse it for its age, and so nothing is proved
 */
export async function replay(stage: HostStage, { call, signedAtMs }: HeardCall): Promise<string> {
  const { status, code } = await sendCall(stage, call);
  const ageMs = Date.now() - signedAtMs;
  if (code === "stale-signature" && ageMs >= stage.options.timing.signatureWindowMs) {
    throw new StepError(`What the broker had heard is ${ageMs} ms old by now, and refused for its age alone.`, {
      code: "too-old",
      next: "Have the broker back sooner, or give a longer timing.signatureWindowMs.",
    });
  }
  if (code === "replayed" || code === "stale-signature") return `what it had heard before is ${status} ${code}`;
  throw new StepError(`The broker took what it had heard before its start: it answered ${status} ${code}.`, {
    code: "not-refused",
    next: "A signature must count once, whether the broker has started anew since or not.",
  });
}
