import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pino } from "pino";
import { onTestFinished } from "vitest";

import { type HistoryRecord, parseHistoryLine } from "../../protocol/history.ts";
import { historyRecorder } from "../../protocol/history-recorder.ts";
import type { JobView } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { type Timing, defaultTiming } from "../../protocol/timing.ts";
import { type BrokerOptions, type RunningBroker, startBroker } from "../io/broker-server.ts";
import { ManualClock } from "./manual-clock.ts";
import { SigningClient } from "./signing-client.ts";

/** The real server on a free port of loopback, with a clock that the test moves. Ends with the test. */
export class LiveBroker {
  readonly clock: ManualClock;
  readonly history: HistoryRecord[];
  readonly broker: RunningBroker;

  private constructor(parts: { clock: ManualClock; history: HistoryRecord[]; broker: RunningBroker }) {
    this.clock = parts.clock;
    this.history = parts.history;
    this.broker = parts.broker;
  }

  static async start({
    timing = {},
    clock = new ManualClock(),
    directory,
    port = 0,
    ...more
  }: {
    timing?: Partial<Timing>;
    clock?: ManualClock;
    directory?: string;
    port?: number;
  } & Pick<
    Partial<BrokerOptions>,
    | "stopGraceMs"
    | "faults"
    | "log"
    | "singleUseTokensOnly"
    | "rateLimits"
    | "spokeTimes"
    | "agentCommand"
    | "trustProxy"
  > = {}): Promise<LiveBroker> {
    const history: HistoryRecord[] = [];
    const write = (line: string) => {
      const parsed = parseHistoryLine(line);
      // What the broker writes must be what everybody else reads.
      if ("error" in parsed) throw new Error(`${parsed.error}: ${line}`);
      history.push(parsed.record);
    };
    const broker = await startBroker({
      host: "127.0.0.1",
      port,
      timing: { ...defaultTiming, ...timing },
      store: directory === undefined ? { kind: "memory" } : { kind: "sqlite", directory },
      log: pino({ level: "silent" }),
      record: historyRecorder({ actor: "broker", source: "test", clock, write }),
      clock,
      ...more,
    });
    onTestFinished(() => broker.close());
    return new LiveBroker({ clock, history, broker });
  }

  get url(): string {
    return this.broker.url;
  }

  /** An agent's client with a fresh key, not enrolled yet; its clock may be ahead of the broker's. */
  stranger({ aheadMs = 0 } = {}): SigningClient {
    return new SigningClient(this.url, { nowMs: () => this.clock.nowMs() + aheadMs });
  }

  async agent(of: { aheadMs?: number } = {}): Promise<SigningClient> {
    const client = this.stranger(of);
    const { status } = await client.enrol(this.broker.joinToken);
    if (status !== 200) throw new Error(`the enrolment was answered with ${status}`);
    return client;
  }

  async submit(count = 1): Promise<string[]> {
    const jobs = Array.from({ length: count }, () => ({ command: ["true"] }));
    const { body } = await this.call("POST", routes.jobs, { jobs });
    return body.jobIds;
  }

  async job(jobId: string): Promise<JobView> {
    return (await this.call("GET", routes.job(jobId))).body;
  }

  operatorHeaders(): Record<string, string> {
    return { authorization: `Bearer ${this.broker.operatorToken}` };
  }

  /** Calls as the operator. */
  // Tests read into the body; a wrong guess shows as undefined.
  // oxlint-disable-next-line typescript/no-explicit-any
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const headers = {
      ...this.operatorHeaders(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.url + path, { method, headers, ...json });
    return { status: response.status, body: await response.json() };
  }

  async openConnections(): Promise<number> {
    const { server } = this.broker;
    return await new Promise((resolve, reject) => {
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  /** How many listeners hang on what outlives a request. */
  listeners(): number {
    const of = (emitter: NodeJS.EventEmitter): number =>
      emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
    return of(this.broker.server) + of(process);
  }

  /** The codes of the refusals in the history, oldest first. */
  refusals(): string[] {
    return this.history.flatMap((record) => (record.type === "broker.refused" ? [record.data.code] : []));
  }
}

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "broker-sim-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
