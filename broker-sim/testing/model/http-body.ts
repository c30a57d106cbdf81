import { pino } from "pino";

import { present } from "../../../foundation/assert.ts";
import { isTerminalJob } from "../../../protocol/job-states.ts";
import { Problem } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import type { BrokerInput, Caller } from "../../core/inputs.ts";
import { type RunningBroker, startBroker } from "../../io/broker-server.ts";
import { ManualClock } from "../manual-clock.ts";
import { type Answer, SigningClient } from "../signing-client.ts";
import {
  type Answered,
  type Asked,
  type AskedInput,
  type BrokerBody,
  type Identity,
  type JobSeen,
  type Recorded,
  awayMs,
  dayMs,
  modelTiming,
} from "./broker-body.ts";
import { SqliteHome } from "./store-home.ts";

/** For how long a signature is made anew after a start of the broker. */
const signAgainMsMax = 30_000;

/** The whole broker on SQLite, asked as its agents and its operator ask it: by HTTP, with real signatures. */
export class HttpBody implements BrokerBody {
  readonly #home = new SqliteHome();
  readonly #clock = new ManualClock(dayMs);
  readonly #clients = new Map<string, SigningClient>();
  /** By how much the signers' clock is ahead of the broker's: it has gone on by that when they sign again. */
  #aheadMs = 0;
  #recorded: Recorded[] = [];
  #broker: RunningBroker | undefined;

  static async start(): Promise<HttpBody> {
    const body = new HttpBody();
    try {
      await body.#start();
      await body.mark();
    } catch (error) {
      await body.close();
      throw error;
    }
    return body;
  }

  identity = (number: number): Identity => {
    const known = [...this.#clients.values()][number];
    const client = known ?? new SigningClient("", { nowMs: () => this.#clock.nowMs() + this.#aheadMs });
    const { agentId, publicKey } = client;
    this.#clients.set(agentId, client);
    return { agentId, publicKey, revocation: client.revocation() };
  };

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async ask<T extends Asked>(input: BrokerInput<T>): Promise<Answered<T>> {
    const { status, body } = await this.#send(input as AskedInput);
    if (status === 200) return { ok: true, answer: body } as Answered<T>;
    return { ok: false, status, ...Problem.parse(body) };
  }

  async askTogether(inputs: readonly AskedInput[]): Promise<Answered<Asked>[]> {
    const answers: Answered<Asked>[] = [];
    // Connections overtake each other, and then nobody could tell what came first.
    for (const input of inputs) answers.push(await this.ask<Asked>(input));
    return answers;
  }

  async bring(caller: Caller, { leaseId, content }: { leaseId: string; content: Buffer }): Promise<void> {
    const { status } = await this.#signed(() => this.#clientOf(caller).upload(leaseId, content));
    if (status !== 204) throw new Error(`the upload was answered with ${status}`);
  }

  async jobs(): Promise<JobSeen[]> {
    const { body } = await this.#asOperator("GET", routes.jobs);
    return (body as { jobs: JobSeen[] }).jobs.map(
      ({ jobId, state, redeliveries, waitsUntil, result, leaseId, agentId }) => {
        // Of a job that has ended it shows who ended it.
        const holder = isTerminalJob(state) ? { leaseId: null, agentId: null } : { leaseId, agentId };
        return { jobId, state, redeliveries, waitsUntil, result, ...holder };
      },
    );
  }

  recorded(): Recorded[] {
    const fresh = this.#recorded;
    this.#recorded = [];
    return fresh;
  }

  async advance(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await this.#running.service.settled();
    await this.#running.service.handle({ type: "tick" });
  }

  async mark(): Promise<void> {
    await this.#home.mark();
  }

  /** Its end is an orderly one: only a process can be killed (`broker-kills.test.ts`). */
  async restart(from: "now" | "mark"): Promise<void> {
    await this.#end();
    if (from === "mark") await this.#home.goBack();
    this.#clock.advance(awayMs);
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#end();
    await this.#home.leave();
  }

  get #running(): RunningBroker {
    return present(this.#broker, "the broker runs");
  }

  async #start(): Promise<void> {
    this.#broker = await startBroker({
      host: "127.0.0.1",
      port: 0,
      timing: modelTiming,
      store: { kind: "sqlite", directory: this.#home.directory },
      log: pino({ level: "silent" }),
      record: (type, data) => void this.#recorded.push({ type, data: { ...data } }),
      clock: this.#clock,
    });
    this.#broker.failed.catch(() => undefined);
  }

  async #end(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.close();
  }

  async #send(input: AskedInput): Promise<{ status: number; body: unknown }> {
    switch (input.type) {
      case "submit":
        return await this.#asOperator("POST", routes.jobs, { jobs: input.jobs });
      case "cancel":
        return await this.#asOperator("POST", routes.jobCancel(input.jobId), {});
      case "drain":
        return await this.#asOperator("POST", routes.drain, { reason: input.reason });
      case "enrol":
        return await this.#post(input.caller, routes.enrol, { ...input.message, joinToken: this.#running.joinToken });
      case "heartbeat":
        return await this.#post(input.caller, routes.heartbeat, input.message);
      case "accept":
      case "decline":
      case "complete":
      case "return":
        return await this.#post(input.caller, routes.leaseAction(input.leaseId, input.type), input.message);
    }
  }

  async #post(caller: Caller, path: string, message: unknown): Promise<Answer> {
    return await this.#signed(() => this.#clientOf(caller).post(path, message));
  }

  /** As agents do: what may have been signed before the broker's start is signed anew, until its clock is beyond that. */
  async #signed(send: () => Promise<Answer>): Promise<Answer> {
    this.#aheadMs = 0;
    for (;;) {
      const answer = await send();
      const isStale = answer.status === 401 && answer.body.code === "stale-signature";
      if (!isStale || this.#aheadMs >= signAgainMsMax) return answer;
      this.#aheadMs += 1_000;
    }
  }

  #clientOf({ agentId, instanceId }: Caller): SigningClient {
    const client = present(this.#clients.get(agentId), "the agent has a key");
    client.url = this.#running.url;
    client.instanceId = instanceId;
    return client;
  }

  async #asOperator(method: string, path: string, message?: unknown): Promise<{ status: number; body: unknown }> {
    const { url, operatorToken } = this.#running;
    const headers = { authorization: `Bearer ${operatorToken}`, "content-type": "application/json" };
    const json = message === undefined ? {} : { body: JSON.stringify(message) };
    const response = await fetch(url + path, { method, headers, ...json });
    return { status: response.status, body: await response.json() };
  }
}
