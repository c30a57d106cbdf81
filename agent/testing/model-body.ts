import type { ControlResponse } from "../../protocol/control.ts";
import type { Timing } from "../../protocol/timing.ts";
import type { Ending, LeaseNote } from "../core/effect.ts";
import type { AgentInput, Recovered, TimerName } from "../core/input.ts";
import { type AgentCore, initialCore, type WithdrawalRecord } from "../core/state.ts";
import { ModelBroker } from "./model-broker.ts";
import { ModelHistory } from "./model-history.ts";

export const digest = "a".repeat(64);

interface ModelSandbox {
  alive: boolean;
  frozen: boolean;
  /** Its start was heard of; its end never is before. */
  started: boolean;
}

/** Something that may happen next: what was asked for and is not answered, or what the world does by itself. */
export interface Pending {
  readonly name: string;
  happen(): void;
}

/** What an agent's core has under it in the model: a host and a broker, as they are, and what is about to happen. */
export abstract class ModelBody {
  core: AgentCore;
  readonly broker: ModelBroker;
  nowMs = 1_000_000;
  readonly history = new ModelHistory();
  readonly notes = new Map<string, unknown>();
  readonly sandboxes = new Map<string, ModelSandbox>();
  readonly timers = new Map<TimerName, number>();
  readonly answers = new Map<string, ControlResponse>();
  pending: Pending[] = [];
  ending: Ending | null = null;
  keyThere = true;
  /** The time that the last wipe of the home was given. */
  wipeDeadlineMs: number | null = null;
  homeThere = true;
  bootId = "first boot";
  /** So many effects from now the agent is killed; null for never. */
  fuse: number | null = null;
  frozen = false;

  constructor({ slots, timing = {} }: { slots: number; timing?: Partial<Timing> }) {
    this.broker = new ModelBroker(timing);
    this.core = initialCore({ instanceId: "", slots });
  }

  abstract see(input: AgentInput): ControlResponse | null;

  later(name: string, happen: () => void): void {
    this.pending.push({ name, happen });
  }

  alive(): string[] {
    return [...this.sandboxes].filter(([, { alive }]) => alive).map(([leaseId]) => leaseId);
  }

  /** What a process start finds of an earlier one. */
  recovered(): Recovered {
    const leases = [...this.notes]
      .filter(([key]) => key.startsWith("lease:"))
      .map(([key, value]) => ({ leaseId: key.slice(6), ...(value as LeaseNote) }));
    return {
      enrolmentSent: (this.notes.get("membership") as { enrolmentSent: boolean } | undefined)?.enrolmentSent ?? false,
      pause: (this.notes.get("pause") as Recovered["pause"] | undefined) ?? null,
      activityIgnored: this.notes.has("activity"),
      withdrawal: structuredClone((this.notes.get("withdrawal") as WithdrawalRecord | undefined) ?? null),
      leases,
      strays: this.alive().length > 0,
    };
  }
}

/** Whether nothing may be accepted or started. */
export const intakeClosed = ({ pause, withdrawal, shutdown }: AgentCore): boolean =>
  pause !== null || withdrawal !== null || shutdown !== null;
