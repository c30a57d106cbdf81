import { present } from "../../../foundation/assert.ts";
import type { Lease } from "../../../protocol/messages.ts";
import type { BrokerInput } from "../../core/inputs.ts";
import { statusOf } from "../signing-client.ts";
import { type Answered, type Asked, type AskedInput, jobSpec } from "./broker-body.ts";
import type { BrokerModel } from "./broker-model.ts";
import type { Actor } from "./known-jobs.ts";

/** One call: what is sent, and how its answer is judged. */
export interface Call {
  readonly input: AskedInput;
  readonly judge: (answer: Answered<Asked>) => void;
}

/** A call that was drawn, made out by what the model knows when it is its turn; undefined when nothing can be meant. */
export type DrawnCall = (model: BrokerModel) => Call | undefined;

/** What a call is drawn from: whose it is, and what it means of all that it could. */
export interface Drawn {
  readonly agent: number;
  readonly pick: number;
  readonly flag: boolean;
}

/** How many agents the drawn calls are of. */
export const brokerAgents = 3;
/** Of the offers that an agent heard of, how many of the last it may still act on. */
const recentMax = 6;

export function submit(model: BrokerModel, { pick }: Drawn): Call {
  const jobs = Array.from({ length: 1 + (pick % 2) }, () => jobSpec(pick % 3));
  return judged<"submit">({ type: "submit", jobs }, (answer) => model.submitted(answer, jobs));
}

export function cancel(model: BrokerModel, { pick }: Drawn): Call | undefined {
  const jobIds = model.jobIds();
  if (jobIds.length === 0) return undefined;
  const jobId = present(jobIds[pick % jobIds.length], "there is one");
  return judged<"cancel">({ type: "cancel", jobId }, (answer) => model.cancelled(answer, jobId));
}

export function enrol(model: BrokerModel, drawn: Drawn): Call {
  return enrolment(model, actorOf(model, drawn));
}

export function startAnew(model: BrokerModel, drawn: Drawn): Call {
  const actor = actorOf(model, drawn);
  model.startAnew(actor);
  return enrolment(model, actor);
}

export function heartbeat(model: BrokerModel, drawn: Drawn): Call {
  const actor = actorOf(model, drawn);
  const isPaused = drawn.pick % 10 === 9;
  const slotsFree = isPaused ? 0 : drawn.pick % (actor.slots + 1);
  return beat(model, actor, { named: drawn.flag ? actor.heard.slice(-recentMax) : [], slotsFree, isPaused });
}

export function accept(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  return meant && acceptance(model, actorOf(model, drawn), meant);
}

export function decline(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  if (meant === undefined) return undefined;
  const actor = actorOf(model, drawn);
  const message = { epoch: meant.epoch, reason: "no room" };
  return judged<"decline">(
    { type: "decline", caller: callerOf(actor), leaseId: meant.lease.leaseId, message },
    (answer) => model.declined(answer, actor, meant),
  );
}

export function complete(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  const outcome = drawn.pick % 3 === 0 ? "failed" : "completed";
  return meant && completion(model, actorOf(model, drawn), { ...meant, outcome, result: outcome });
}

export function handBack(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  return meant && handBackOf(model, actorOf(model, drawn), { ...meant, checkpoint: null, agentDied: drawn.flag });
}

export function enrolment(model: BrokerModel, actor: Actor): Call {
  const { agentId, slots } = actor;
  const { publicKey, revocation } = model.identity(actor.number);
  const message = { publicKey, slots, revocation: { ...revocation, agentId } };
  const proofs = { joinTokenMatches: true, revocationVerified: true };
  return judged<"enrol">({ type: "enrol", caller: callerOf(actor), message, ...proofs }, (answer) =>
    model.enrolled(answer, actor),
  );
}

export function beat(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["heartbeat"]>[2]): Call {
  const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
  const message = {
    state: said.isPaused ? ("Paused" as const) : ("Idle" as const),
    slots: actor.slots,
    slotsFree: said.slotsFree,
    resources,
    leases: said.named.map((lease) => statusOf(lease)),
  };
  return judged<"heartbeat">({ type: "heartbeat", caller: callerOf(actor), message }, (answer) =>
    model.heartbeat(answer, actor, said),
  );
}

export function acceptance(model: BrokerModel, actor: Actor, meant: { lease: Lease; epoch: number }): Call {
  const { leaseId } = meant.lease;
  return judged<"accept">(
    { type: "accept", caller: callerOf(actor), leaseId, message: { epoch: meant.epoch } },
    (answer) => model.accepted(answer, actor, meant),
  );
}

export function completion(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["completed"]>[2]): Call {
  const { lease, epoch, outcome, result } = said;
  const message = { epoch, outcome, exitCode: outcome === "completed" ? 0 : 1, progress: 1, result };
  return judged<"complete">({ type: "complete", caller: callerOf(actor), leaseId: lease.leaseId, message }, (answer) =>
    model.completed(answer, actor, said),
  );
}

export function handBackOf(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["returned"]>[2]): Call {
  const { lease, epoch, checkpoint, agentDied } = said;
  const message = {
    ...{ epoch, progress: checkpoint?.progress ?? 0, reason: "the owner needs the machine" },
    ...(checkpoint === null ? {} : { checkpoint }),
    ...(agentDied ? { agentDied } : {}),
  };
  return judged<"return">({ type: "return", caller: callerOf(actor), leaseId: lease.leaseId, message }, (answer) =>
    model.returned(answer, actor, said),
  );
}

function judged<T extends Asked>(input: BrokerInput<T> & AskedInput, judge: (answer: Answered<T>) => void): Call {
  return { input, judge };
}

export function callerOf({ agentId, instanceId }: Actor): { agentId: string; instanceId: string } {
  return { agentId, instanceId };
}

export function actorOf(model: BrokerModel, { agent }: Drawn): Actor {
  return present(model.actors[agent], "there are so many agents");
}

/**
 * One of the offers that the agent heard of, mostly under its own epoch. A sixth of them are another agent's: whoever
 * heard of a lease somewhere does not hold it.
 */
function leaseOf(model: BrokerModel, drawn: Drawn): { lease: Lease; epoch: number } | undefined {
  const { pick } = drawn;
  const whose = pick % 6 === 5 ? model.actors[(drawn.agent + 1) % brokerAgents] : actorOf(model, drawn);
  const recent = whose?.heard.slice(-recentMax) ?? [];
  const lease = recent.at(-1 - (pick % Math.max(1, recent.length)));
  return lease && { lease, epoch: pick % 11 === 10 ? lease.epoch + 1 : lease.epoch };
}
