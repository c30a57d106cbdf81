import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { executionStates } from "../../../protocol/execution-states.ts";
import type { HistoryType } from "../../../protocol/history.ts";
import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import { jobStates } from "../../../protocol/job-states.ts";
import type { BrokerState } from "../../core/broker-state.ts";
import { type BrokerStore, storeAround } from "../stores/store.ts";
import { withSpan } from "./tracing.ts";

/** What a scrape looks at by itself. */
export interface Gauged {
  readonly state: BrokerState;
  readonly openStreams: () => number;
  readonly recordsLost: () => number;
  readonly isReady: () => boolean;
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * One broker's numbers, in a registry of their own: a process may hold several brokers. docs/metrics.md lists them, and a
 * test holds it against what is served. What a request costs here is one counter and one histogram; everything that can
 * be counted at a scrape is counted then.
 */
export class BrokerMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #requests = new Counter({
    name: "houseguest_broker_requests_total",
    help: "Requests answered, by route and HTTP status.",
    labelNames: ["route", "status"] as const,
    registers: this.#registers,
  });
  readonly #requestSeconds = new Histogram({
    name: "houseguest_broker_request_seconds",
    help: "From a request's head to the end of its answer, in seconds; event streams are left out.",
    labelNames: ["route"] as const,
    buckets: secondsBuckets,
    registers: this.#registers,
  });
  readonly #commitSeconds = new Histogram({
    name: "houseguest_broker_store_commit_seconds",
    help: "One write to the store, in seconds.",
    buckets: secondsBuckets,
    registers: this.#registers,
  });
  readonly #freezeSeconds = new Histogram({
    name: "houseguest_broker_freeze_seconds",
    help: "How long agents say that the freeze of a pause took, in seconds.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    registers: this.#registers,
  });
  readonly #events = new Counter({
    name: "houseguest_broker_events_total",
    help: "Events handed to agents' streams, replays included, by event.",
    labelNames: ["event"] as const,
    registers: this.#registers,
  });
  readonly #slowStreams = new Counter({
    name: "houseguest_broker_slow_streams_total",
    help: "Event streams cut because nobody read what was sent.",
    registers: this.#registers,
  });
  readonly #faultHits = new Counter({
    name: "houseguest_broker_fault_hits_total",
    help: "What ordered misbehaviour (--faults) did, by kind.",
    labelNames: ["kind"] as const,
    registers: this.#registers,
  });
  readonly #counted = historyCounters(this.#registers);

  /** @param gauged what a scrape reads */
  constructor(gauged: Gauged) {
    registerGauges(this.#registers, gauged);
    registerLost(this.#registers, gauged);
  }

  requested({ route, status, ms }: { route: string; status: number; ms: number | null }): void {
    this.#requests.inc({ route, status });
    if (ms !== null) this.#requestSeconds.observe({ route }, ms / 1_000);
  }

  eventSent(event: string): void {
    this.#events.inc({ event });
  }

  slowStreamCut(): void {
    this.#slowStreams.inc();
  }

  faultHit(kind: string): void {
    this.#faultHits.inc({ kind });
  }

  /** Counts what goes into the history on its way there. */
  counting(record: RecordEvent): RecordEvent {
    return (type, data) => {
      this.#counted[type]?.(data as never);
      if (type === "broker.pause-acknowledged") {
        this.#freezeSeconds.observe((data as { freezeMs: number }).freezeMs / 1_000);
      }
      record(type, data);
    };
  }

  /** Measures a store's writes. */
  timing(store: BrokerStore): BrokerStore {
    return storeAround(store, {
      commit: async (writes) => {
        const done = this.#commitSeconds.startTimer();
        try {
          await withSpan("store.commit", async () => await store.commit(writes));
        } finally {
          done();
        }
      },
    });
  }
}

/** Counters of what the history tells; those with labels take them from the record. */
function historyCounters(registers: Registry[]): Partial<Record<HistoryType, (data: never) => void>> {
  const plain = (name: string, help: string) => {
    const counter = new Counter({ name: `houseguest_broker_${name}_total`, help, registers });
    return () => counter.inc();
  };
  const by = <L extends string>(label: L, name: string, help: string) => {
    const counter = new Counter({ name: `houseguest_broker_${name}_total`, help, labelNames: [label], registers });
    return (data: Record<L, string>) => counter.labels(data[label]).inc();
  };
  return {
    "broker.enrolled": plain("enrolments", "Enrolments taken, those of later instances included."),
    "broker.heartbeat": plain("heartbeats", "Heartbeats taken."),
    "broker.offered": plain("offers", "Leases offered."),
    "broker.leased": plain("leases", "Offers accepted."),
    "broker.released": by("how", "leases_ended", "Grants that ended, by how."),
    "broker.job": by("to", "job_moves", "Jobs that came into a state, by state."),
    "broker.agent": by("standing", "agent_moves", "Agents whose standing changed, by what it is now."),
    "broker.execution": by("to", "execution_moves", "Agents of the broker's own that came into a state, by state."),
    "broker.command-refused": by("code", "commands_refused", "Hubs' commands refused, by the problem's code."),
    "broker.refused": by("code", "refusals", "Requests refused, by the problem's code."),
  };
}

function registerGauges(registers: Registry[], { state, openStreams, isReady }: Gauged): Gauge[] {
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name: `houseguest_broker_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const gaugeBy = <T>(label: string, name: string, help: string, { all, read }: Counted<T>): Gauge =>
    new Gauge({
      name: `houseguest_broker_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        const counts = new Map<string, number>(all.map((value) => [value, 0]));
        for (const value of read()) counts.set(value, (counts.get(value) ?? 0) + 1);
        for (const [value, count] of counts) this.set({ [label]: value }, count);
      },
    });
  return [
    gaugeBy("state", "jobs", "Jobs that are known, by state; settled ones until they are forgotten.", {
      all: jobStates,
      read: () => Array.from(state.jobs.values(), (job) => job.state),
    }),
    gaugeBy("standing", "agents", "Agents that are known, by standing.", {
      all: ["active", "lost", "shutdown", "revoked"],
      read: () => Array.from(state.agents.values(), (agent) => agent.standing),
    }),
    gaugeBy("state", "executions", "Agents that the broker started, by state; ended ones until they are forgotten.", {
      all: executionStates,
      read: () => Array.from(state.executions.values(), (execution) => execution.state),
    }),
    gauge("jobs_queued", "Jobs that wait for an agent.", () => state.queue.size + state.queue.waiting),
    gauge(
      "jobs_backing_off",
      "Of these, jobs that are not offered yet, after a failed attempt.",
      () => state.queue.waiting,
    ),
    gauge("event_streams", "Event streams that are open.", openStreams),
    gauge("checkpoints", "Blobs in the checkpoint store.", () => state.blobs.size),
    gauge("checkpoint_bytes", "What they have together, in bytes.", () => {
      let bytes = 0;
      for (const blob of state.blobs.values()) bytes += blob.bytes;
      return bytes;
    }),
    gauge("ready", "1 while /readyz says yes.", () => Number(isReady())),
    gauge("resident_bytes", "Memory of the broker's process, in bytes.", () => process.memoryUsage.rss()),
  ];
}

/** It only grows, as a counter does, and is counted elsewhere. */
function registerLost(registers: Registry[], { recordsLost }: Gauged): Counter {
  return new Counter({
    name: "houseguest_broker_history_lost_total",
    help: "Records that the history could not take, as on a full disk.",
    registers,
    collect() {
      this.reset();
      this.inc(recordsLost());
    },
  });
}

/** What is counted by a label at a scrape: every value that it may have, and those there are. */
interface Counted<T> {
  readonly all: readonly (T & string)[];
  readonly read: () => readonly (T & string)[];
}
