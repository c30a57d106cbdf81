import type { Effect } from "../../core/effects.ts";
import type { BrokerInput, BrokerResponse, Caller } from "../../core/inputs.ts";
import { CoreBroker } from "../core-broker.ts";
import {
  type Answered,
  type Asked,
  type AskedInput,
  type BrokerBody,
  type JobSeen,
  type Recorded,
  awayMs,
  dayMs,
  modelTiming,
  plainIdentity,
  seen,
} from "./broker-body.ts";

/** The reducer alone; its store is what its effects say. */
export class CoreBody implements BrokerBody {
  readonly #broker = new CoreBroker(modelTiming);
  #told = 0;
  #marked: ReturnType<typeof storedBy>;

  constructor() {
    this.#broker.nowMs = dayMs;
    this.#broker.restart();
    this.#marked = storedBy(this.#broker);
  }

  identity = plainIdentity;

  nowMs(): number {
    return this.#broker.nowMs;
  }

  async ask<T extends Asked>(input: BrokerInput<T>): Promise<Answered<T>> {
    return this.#broker.do(input) satisfies BrokerResponse<T>;
  }

  async askTogether(inputs: readonly AskedInput[]): Promise<Answered<Asked>[]> {
    return inputs.map((input) => this.#broker.do(input));
  }

  async bring(_caller: Caller, { digest, content }: { digest: string; content: Buffer }): Promise<void> {
    this.#broker.storeBlob(digest, content.length);
  }

  async jobs(): Promise<JobSeen[]> {
    return Array.from(this.#broker.state.jobs.values(), seen);
  }

  recorded(): Recorded[] {
    const fresh = this.#broker.effects.slice(this.#told);
    this.#told = this.#broker.effects.length;
    return fresh.flatMap((effect: Effect) =>
      effect.kind === "history" ? [{ type: effect.entry.type, data: { ...effect.entry.data } }] : [],
    );
  }

  async advance(ms: number): Promise<void> {
    this.#broker.advance(ms);
  }

  async mark(): Promise<void> {
    this.#marked = storedBy(this.#broker);
  }

  async restart(from: "now" | "mark"): Promise<void> {
    if (from === "mark") {
      const [jobs, agents] = structuredClone(this.#marked);
      this.#broker.storedJobs.clear();
      this.#broker.storedAgents.clear();
      for (const [jobId, job] of jobs) this.#broker.storedJobs.set(jobId, job);
      for (const [agentId, agent] of agents) this.#broker.storedAgents.set(agentId, agent);
    }
    this.#broker.nowMs += awayMs;
    this.#broker.restart();
    this.#broker.do({ type: "tick" });
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

function storedBy({ storedJobs, storedAgents }: CoreBroker) {
  return structuredClone([storedJobs, storedAgents] as const);
}
