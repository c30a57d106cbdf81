import type { HistoryRecord } from "../../protocol/history.ts";
import type { Fact } from "./facts.ts";
import type { Judged } from "./judge-fact.ts";
import type { Step } from "./step.ts";

/** What every stage gives a step that a scenario's author defined. */
interface AnyStepStage {
  /** Milliseconds of the stage's own time; only differences mean something. */
  nowMs(): number;
  /** The history so far, oldest first. */
  readonly history: readonly HistoryRecord[];
  /** The agents that have joined by now, by name. */
  agents(): readonly string[];
  /** Lets so much of the stage's time pass. */
  pass(forMs: number): Promise<void>;
  /** Looks whether a fact holds now, as the step `probe` does, and what was seen. */
  look(fact: Fact): Promise<Judged>;
  /** Plays other steps, one after the other, as part of this one; fails when one of them does. */
  play(...steps: readonly Step[]): Promise<void>;
}

/** Real processes on this host. */
export interface HostStepStage extends AnyStepStage {
  readonly kind: "host";
  /** Aborted when the run is to end: whatever is waited for otherwise than by this stage must heed it. */
  readonly signal: AbortSignal;
  /** The run's directory, in which a step may write what is worth keeping. */
  readonly directory: string;
  /** Where the broker listens; undefined before `start-broker`. */
  readonly brokerUrl: string | undefined;
  /** An agent of the cast: its id, its process and the directory in which it lives. Throws when none has that name. */
  agent(name: string): { readonly agentId: string; readonly pid: number; readonly home: string };
  /**
   * Registers how something is undone, before it is done: a directory to remove, or a command (idempotent, without a
   * shell). It is undone when the run ends, or by `scenarios heal` if it is killed; what was registered last comes first.
   *
   * @returns to be called when the step has undone it itself
   */
  undo(how: { readonly removeDirectory: string } | { readonly run: readonly [string, ...string[]] }): () => void;
}

/** Modelled hosts in virtual time. */
export interface SimStepStage extends AnyStepStage {
  readonly kind: "sim";
}
