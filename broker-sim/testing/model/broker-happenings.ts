import { createHash } from "node:crypto";

import type fc from "fast-check";

import { present } from "../../../foundation/assert.ts";
import type { CheckpointReference, Lease } from "../../../protocol/messages.ts";
import type { BrokerBody } from "./broker-body.ts";
import {
  acceptance,
  actorOf,
  beat,
  type Call,
  callerOf,
  type Drawn,
  type DrawnCall,
  handBackOf,
  submit,
} from "./broker-calls.ts";
import { compare } from "./broker-lives.ts";
import type { BrokerModel } from "./broker-model.ts";
import type { Actor } from "./known-jobs.ts";

/** Something that happens to a broker and to its model alike. */
export type Command = fc.AsyncCommand<BrokerModel, BrokerBody>;

/** How a call is made out of what was drawn. */
export type MakeCall = (model: BrokerModel, drawn: Drawn) => Call | undefined;

export class OneCall implements Command {
  readonly #name: string;
  readonly #drawn: Drawn;
  readonly #make: MakeCall;

  constructor(name: string, make: MakeCall, drawn: Drawn) {
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
export class Together implements Command {
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
export class TakeWork implements Command {
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

export class HandBackWithCheckpoint implements Command {
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

export class TimePasses implements Command {
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
export class Drained implements Command {
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

export class Mark implements Command {
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

export class Restart implements Command {
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
export class ServerForgets implements Command {
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
