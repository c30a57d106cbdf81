import { createHash } from "node:crypto";

import fc from "fast-check";

import { present } from "../../../foundation/assert.ts";
import type { CheckpointReference, Lease } from "../../../protocol/messages.ts";
import type { BrokerInput } from "../../core/inputs.ts";
import { statusOf } from "../signing-client.ts";
import { type Answered, type Asked, type AskedInput, type BrokerBody, jobSpec } from "./broker-body.ts";
import type { Actor, BrokerModel } from "./broker-model.ts";

/** One call: what is sent, and how its answer is judged. */
interface Call {
  readonly input: AskedInput;
  readonly judge: (answer: Answered<Asked>) => void;
}

/** A call that was drawn, made out by what the model knows when it is its turn; undefined when nothing can be meant. */
type DrawnCall = (model: BrokerModel) => Call | undefined;

interface Drawn {
  readonly agent: number;
  readonly pick: number;
  readonly flag: boolean;
}

const agents = 3;
/** Of the offers that an agent heard of, how many of the last it may still act on. */
const recentMax = 6;
const words = fc.record({ agent: fc.nat(agents - 1), pick: fc.nat(1_000), flag: fc.boolean() });

/** What happens to a broker, each drawn as a command of a model run. */
export const brokerCommands: readonly fc.Arbitrary<fc.AsyncCommand<BrokerModel, BrokerBody>>[] = [
  call("Submit", submit, 3),
  call("Heartbeat", heartbeat, 4),
  call("Accept", accept, 3),
  call("Decline", decline),
  call("Complete", complete, 3),
  call("HandBack", handBack, 2),
  call("Cancel", cancel),
  call("Enrol", enrol),
  call("StartAnew", startAnew),
  weighted(
    5,
    words.map((drawn) => new TakeWork(drawn)),
  ),
  weighted(
    3,
    words.map((drawn) => new HandBackWithCheckpoint(drawn)),
  ),
  weighted(
    3,
    fc.array(oneOfCalls(), { minLength: 2, maxLength: 5 }).map((drawn) => new Together(drawn)),
  ),
  weighted(
    1,
    fc.array(oneOfCalls(), { minLength: 1, maxLength: 6 }).map((drawn) => new Drained(drawn)),
  ),
  weighted(
    5,
    fc.constantFrom(1, 10, 29, 30, 70, 299, 300).map((ms) => new TimePasses(ms)),
  ),
  weighted(
    2,
    fc.constant(null).map(() => new Mark()),
  ),
  weighted(
    3,
    fc.constantFrom("now" as const, "mark" as const).map((from) => new Restart(from)),
  ),
  weighted(
    1,
    fc.constant(null).map(() => new ServerForgets()),
  ),
].flat();

export const brokerAgents = agents;

/** Every command is followed by a look at all that the broker shows. */
export async function compare(model: BrokerModel, body: BrokerBody): Promise<void> {
  const jobs = await body.jobs();
  model.compare(jobs, body.recorded());
}

/** As most lives begin. The first copy of the store knows nothing of whoever enrols last. */
export async function enrolEverybody(model: BrokerModel, body: BrokerBody): Promise<void> {
  for (const [index, actor] of model.actors.entries()) {
    if (index === agents - 1) {
      await body.mark();
      model.mark();
    }
    const { input, judge } = enrolment(model, actor);
    judge(await body.ask(input));
  }
  await compare(model, body);
}

/** Faults have stopped: an agent that takes whatever there is brings every job to its end (L2). */
export async function settleEverything(model: BrokerModel, body: BrokerBody): Promise<void> {
  const finisher = model.join(agents, 8);
  const tell = async ({ input, judge }: Call): Promise<void> => judge(await body.ask(input));
  await tell(enrolment(model, finisher));
  const roundsMax = model.unsettled() + 10;
  for (let round = 0; round < roundsMax && model.unsettled() > 0; round += 1) {
    await tell(beat(model, finisher, { named: [], slotsFree: finisher.slots, isPaused: false }));
    for (const lease of finisher.heard.splice(0)) {
      await tell(acceptance(model, finisher, { lease, epoch: lease.epoch }));
      await tell(completion(model, finisher, { lease, epoch: lease.epoch, outcome: "completed", result: "done" }));
    }
    await body.advance(1_000);
    model.advanced(body.nowMs());
  }
  if (model.unsettled() > 0) throw new Error(`${model.unsettled()} jobs never come to their end (L2)`);
  await compare(model, body);
}

// The calls.

function submit(model: BrokerModel, { pick }: Drawn): Call {
  const jobs = Array.from({ length: 1 + (pick % 2) }, () => jobSpec(pick % 3));
  return judged<"submit">({ type: "submit", jobs }, (answer) => model.submitted(answer, jobs));
}

function cancel(model: BrokerModel, { pick }: Drawn): Call | undefined {
  const jobIds = model.jobIds();
  if (jobIds.length === 0) return undefined;
  const jobId = present(jobIds[pick % jobIds.length], "there is one");
  return judged<"cancel">({ type: "cancel", jobId }, (answer) => model.cancelled(answer, jobId));
}

function enrol(model: BrokerModel, drawn: Drawn): Call {
  return enrolment(model, actorOf(model, drawn));
}

function startAnew(model: BrokerModel, drawn: Drawn): Call {
  const actor = actorOf(model, drawn);
  model.startAnew(actor);
  return enrolment(model, actor);
}

function heartbeat(model: BrokerModel, drawn: Drawn): Call {
  const actor = actorOf(model, drawn);
  const isPaused = drawn.pick % 10 === 9;
  const slotsFree = isPaused ? 0 : drawn.pick % (actor.slots + 1);
  return beat(model, actor, { named: drawn.flag ? actor.heard.slice(-recentMax) : [], slotsFree, isPaused });
}

function accept(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  return meant && acceptance(model, actorOf(model, drawn), meant);
}

function decline(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  if (meant === undefined) return undefined;
  const actor = actorOf(model, drawn);
  const message = { epoch: meant.epoch, reason: "no room" };
  return judged<"decline">(
    { type: "decline", caller: callerOf(actor), leaseId: meant.lease.leaseId, message },
    (answer) => model.declined(answer, actor, meant),
  );
}

function complete(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  const outcome = drawn.pick % 3 === 0 ? "failed" : "completed";
  return meant && completion(model, actorOf(model, drawn), { ...meant, outcome, result: outcome });
}

function handBack(model: BrokerModel, drawn: Drawn): Call | undefined {
  const meant = leaseOf(model, drawn);
  return meant && handBackOf(model, actorOf(model, drawn), { ...meant, checkpoint: null, agentDied: drawn.flag });
}

function enrolment(model: BrokerModel, actor: Actor): Call {
  const { agentId, slots } = actor;
  const { publicKey, revocation } = model.identity(actor.number);
  const message = { publicKey, slots, revocation: { ...revocation, agentId } };
  const proofs = { joinTokenMatches: true, revocationVerified: true };
  return judged<"enrol">({ type: "enrol", caller: callerOf(actor), message, ...proofs }, (answer) =>
    model.enrolled(answer, actor),
  );
}

function beat(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["heartbeat"]>[2]): Call {
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

function acceptance(model: BrokerModel, actor: Actor, meant: { lease: Lease; epoch: number }): Call {
  const { leaseId } = meant.lease;
  return judged<"accept">(
    { type: "accept", caller: callerOf(actor), leaseId, message: { epoch: meant.epoch } },
    (answer) => model.accepted(answer, actor, meant),
  );
}

function completion(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["completed"]>[2]): Call {
  const { lease, epoch, outcome, result } = said;
  const message = { epoch, outcome, exitCode: outcome === "completed" ? 0 : 1, progress: 1, result };
  return judged<"complete">({ type: "complete", caller: callerOf(actor), leaseId: lease.leaseId, message }, (answer) =>
    model.completed(answer, actor, said),
  );
}

function handBackOf(model: BrokerModel, actor: Actor, said: Parameters<BrokerModel["returned"]>[2]): Call {
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

function callerOf({ agentId, instanceId }: Actor): { agentId: string; instanceId: string } {
  return { agentId, instanceId };
}

function actorOf(model: BrokerModel, { agent }: Drawn): Actor {
  return present(model.actors[agent], "there are so many agents");
}

/**
 * One of the offers that the agent heard of, mostly under its own epoch. A sixth of them are another agent's: whoever
 * heard of a lease somewhere does not hold it.
 */
function leaseOf(model: BrokerModel, drawn: Drawn): { lease: Lease; epoch: number } | undefined {
  const { pick } = drawn;
  const whose = pick % 6 === 5 ? model.actors[(drawn.agent + 1) % agents] : actorOf(model, drawn);
  const recent = whose?.heard.slice(-recentMax) ?? [];
  const lease = recent.at(-1 - (pick % Math.max(1, recent.length)));
  return lease && { lease, epoch: pick % 11 === 10 ? lease.epoch + 1 : lease.epoch };
}

// The commands.

type Command = fc.AsyncCommand<BrokerModel, BrokerBody>;

class OneCall implements Command {
  readonly #name: string;
  readonly #drawn: Drawn;
  readonly #make: (model: BrokerModel, drawn: Drawn) => Call | undefined;

  constructor(name: string, make: (model: BrokerModel, drawn: Drawn) => Call | undefined, drawn: Drawn) {
    this.#name = name;
    this.#make = make;
    this.#drawn = drawn;
  }

  check(): boolean {
    return true;
  }

  call: DrawnCall = (model) => this.#make(model, this.#drawn);

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    const made = this.call(model);
    if (made === undefined) return;
    made.judge(await body.ask(made.input));
    await compare(model, body);
  }

  toString(): string {
    return `${this.#name}(${Object.values(this.#drawn).join(" ")})`;
  }
}

/** Several calls are on their way at once, and the store may write them together. */
class Together implements Command {
  readonly #drawn: readonly OneCall[];

  constructor(drawn: readonly OneCall[]) {
    this.#drawn = drawn;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    const made = this.#drawn.flatMap(({ call }) => call(model) ?? []);
    const answers = await body.askTogether(made.map(({ input }) => input));
    for (const [index, { judge }] of made.entries()) judge(present(answers[index], "each is answered"));
    await compare(model, body);
  }

  toString(): string {
    return `Together[${this.#drawn.join(", ")}]`;
  }
}

/** An agent asks for work, names what it holds, and accepts whatever it is offered. */
class TakeWork implements Command {
  readonly #drawn: Drawn;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    const actor = actorOf(model, this.#drawn);
    const named = actor.heard.filter((lease) => model.isLeased(actor, lease));
    const before = actor.heard.length;
    const asked = beat(model, actor, { named, slotsFree: actor.slots - named.length, isPaused: false });
    asked.judge(await body.ask(asked.input));
    for (const lease of actor.heard.slice(before)) {
      const { input, judge } = acceptance(model, actor, { lease, epoch: lease.epoch });
      judge(await body.ask(input));
    }
    await compare(model, body);
  }

  toString(): string {
    return `TakeWork(agent ${this.#drawn.agent})`;
  }
}

class HandBackWithCheckpoint implements Command {
  readonly #drawn: Drawn;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    const actor = actorOf(model, this.#drawn);
    const lease = actor.heard.toReversed().find((heard) => model.isLeased(actor, heard));
    if (lease === undefined) return;
    const checkpoint = await bringCheckpoint(body, { actor, lease });
    const said = { lease, epoch: lease.epoch, checkpoint, agentDied: this.#drawn.pick % 5 === 0 };
    const made = handBackOf(model, actor, said);
    made.judge(await body.ask(made.input));
    await compare(model, body);
  }

  toString(): string {
    return `HandBackWithCheckpoint(${Object.values(this.#drawn).join(" ")})`;
  }
}

async function bringCheckpoint(
  body: BrokerBody,
  { actor, lease }: { actor: Actor; lease: Lease },
): Promise<CheckpointReference> {
  const blobs = ["manifest", "archive"].map((part) => {
    const content = Buffer.from(`${part} ${lease.leaseId}`);
    return { leaseId: lease.leaseId, content, digest: createHash("sha256").update(content).digest("hex") };
  });
  for (const blob of blobs) await body.bring(callerOf(actor), blob);
  const [manifest, archive] = [present(blobs[0], "there is one"), present(blobs[1], "there is another")];
  return {
    manifestDigest: manifest.digest,
    archiveDigest: archive.digest,
    archiveBytes: archive.content.length,
    progress: lease.epoch,
    number: (lease.checkpoint?.number ?? 0) + 1,
  };
}

class TimePasses implements Command {
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    await body.advance(this.#ms);
    model.advanced(body.nowMs());
    await compare(model, body);
  }

  toString(): string {
    return `TimePasses(${this.#ms} ms)`;
  }
}

/** The broker is drained, asked for a while what it is asked otherwise, and started anew. */
class Drained implements Command {
  readonly #drawn: readonly OneCall[];

  constructor(drawn: readonly OneCall[]) {
    this.#drawn = drawn;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    model.drained(await body.ask({ type: "drain", reason: "maintenance" }));
    await compare(model, body);
    for (const one of this.#drawn) await one.run(model, body);
    await new Restart("now").run(model, body);
  }

  toString(): string {
    return `Drained[${this.#drawn.join(", ")}]`;
  }
}

class Mark implements Command {
  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    await body.mark();
    model.mark();
  }

  toString(): string {
    return "Mark";
  }
}

class Restart implements Command {
  readonly #from: "now" | "mark";

  constructor(from: "now" | "mark") {
    this.#from = from;
  }

  check(): boolean {
    return true;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    await body.restart(this.#from);
    model.restarted(body.nowMs(), this.#from);
    await compare(model, body);
  }

  toString(): string {
    return this.#from === "now" ? "Restart" : "RestartWithoutTheLastWrites";
  }
}

/** The server goes back under a broker that runs, and the next commit brings everything there again. */
class ServerForgets implements Command {
  check({ canForget }: Readonly<BrokerModel>): boolean {
    return canForget;
  }

  async run(model: BrokerModel, body: BrokerBody): Promise<void> {
    await body.forget?.();
    const made = submit(model, { agent: 0, pick: 0, flag: false });
    made.judge(await body.ask(made.input));
    await compare(model, body);
  }

  toString(): string {
    return "ServerForgets";
  }
}

// How often each is drawn.

function call(
  name: string,
  make: (model: BrokerModel, drawn: Drawn) => Call | undefined,
  weight = 1,
): fc.Arbitrary<Command>[] {
  return weighted(
    weight,
    words.map((drawn) => new OneCall(name, make, drawn)),
  );
}

function oneOfCalls(): fc.Arbitrary<OneCall> {
  const kinds = fc.constantFrom<[string, (model: BrokerModel, drawn: Drawn) => Call | undefined]>(
    ["Submit", submit],
    ["Heartbeat", heartbeat],
    ["Heartbeat", heartbeat],
    ["Accept", accept],
    ["Complete", complete],
    ["Decline", decline],
    ["Cancel", cancel],
    ["Enrol", enrol],
  );
  return fc.tuple(kinds, words).map(([[name, make], drawn]) => new OneCall(name, make, drawn));
}

/** fc.commands draws each arbitrary as often as the others; one that stands there twice, twice as often. */
function weighted(weight: number, command: fc.Arbitrary<Command>): fc.Arbitrary<Command>[] {
  return Array.from({ length: weight }, () => command);
}
