import type { Operator } from "../stages/host/operator.ts";
import type { Toxic, ToxicCount, ToxicDirection } from "./link/toxic.ts";
import type { UndoAction } from "../undo/undo-action.ts";
import type { StoreRecords } from "./broker-store.ts";
import type { FaultKindName, FaultSpecOf } from "./fault-spec.ts";

/** What was measured of a fault. */
export interface Effect {
  readonly seen: boolean;
  /** What had to be there, as a noun phrase: "no CPU time while it stands still". */
  readonly lookedFor: string;
  /** What was there, with figures. */
  readonly found: string;
}

/** A fault that was applied and is not undone. */
export interface FaultInForce {
  /** What the history calls it: the name of the simulator's plan act where there is one, so that checkers know it. */
  readonly fault: string;
  /** Whom it hit: an agent id, "broker", "store". */
  readonly target: string;
  readonly detail: string;
  /** What it took away for good, by id. */
  readonly subjects?: readonly string[];
  /**
   * Looks whether it had an effect: once when it was applied, and again before it is undone; the last word counts.
   * Undefined where nothing can be told yet, or any more.
   */
  proveEffect(): Promise<Effect | undefined>;
  /** Ends what only this process can end; what was written ahead is undone after it. */
  undo?(): Promise<void>;
  /** When all is undone and the run goes on: whoever went down with it is started again. Says so in words. */
  comeBack?(): Promise<string>;
}

/** A process of the cast, or several, that a fault is to hit. */
export interface FaultProcesses {
  /** As the history knows it: an agent id, "broker" or "store". */
  readonly target: string;
  readonly role: "agent" | "broker" | "store" | "jobs";
  readonly processes: readonly { readonly pid: number; readonly startTime: string; readonly name: string }[];
}

/** What a fault may use of the stage. */
export interface FaultContext {
  /** A name for what the fault makes on the host, which nothing else has. */
  readonly id: string;
  /** Which of the run's faults it is, counted from 1. */
  readonly number: number;
  readonly signal: AbortSignal;
  /**
   * Writes down how a deed is undone, before it is done. It is undone when the fault is, by the same code as
   * `scenarios heal` has for a harness that was killed.
   */
  readonly writeAhead: (action: UndoAction) => void;
  /**
   * The processes of somebody of the cast.
   *
   * @throws CastError when the scenario has nobody of that name
   */
  readonly processes: (of: {
    readonly process: string;
    readonly part?: "itself" | "jobs" | undefined;
  }) => FaultProcesses;
  /**
   * The broker that runs.
   *
   * @throws CastError before there is one
   */
  readonly broker: () => FaultBroker;
  /**
   * Where an agent lives, and its disk if it has one of its own (`diskMb`).
   *
   * @throws CastError when the scenario has nobody of that name
   */
  readonly home: (agent: string) => { readonly path: string; readonly disk: string | undefined };
  readonly store: () => FaultStore;
  /** The wall clocks of whoever is started from now on. */
  readonly clocks: {
    readonly jump: (name: string, byMs: number) => void;
    /** By how much the running process's clock is ahead, by what it said; undefined while it has said nothing. */
    readonly offMs: (name: string) => number | undefined;
  };
  /** A directory of the harness's for what the fault needs, which is there as long as the run. */
  readonly place: string;
  /** The lines of agents that joined through one, by the agent's name. */
  readonly links: FaultLinks;
  /** That somebody's process ends, or stands still, by intention. */
  readonly cast: {
    readonly ending: (name: string) => void;
    /** @returns resolves when the process has ended */
    readonly exited: (name: string) => Promise<void>;
    /** @returns to be called when it goes on */
    readonly standsStill: (pid: number) => () => void;
    /** Starts an agent or the broker again where it was, unless it is up; says so in words. */
    readonly startAgain: (name: string) => Promise<string>;
  };
}

/** What a fault may ask of the broker. */
export interface FaultBroker {
  readonly url: string;
  /** Undefined for a broker that names none. */
  readonly operatorToken: string | undefined;
  readonly operator: Pick<Operator, "putFault" | "faults" | "jobs">;
}

/** Where the broker keeps its records. */
export interface FaultStore {
  /** Of a store of files on the disk. */
  readonly directory: string | undefined;
  /** Of a store on a server. */
  readonly server: FaultStoreServer | undefined;
  /** Directories with what of it was kept, by the name under which it was (step `keep-store`). */
  readonly kept: ReadonlyMap<string, string>;
}

/** The server of a store on Redis, which the harness started. */
export interface FaultStoreServer {
  readonly socket: string;
  /**
   * Kills it, and starts it again with nothing but what was kept.
   *
   * @param kept the directory with the snapshot
   * @returns what it had then, before anybody but the harness could reach it
   */
  readonly rollBack: (kept: string) => Promise<StoreRecords>;
}

/** Toxics on the lines of agents, by the number of their fault. */
export interface FaultLinks {
  /** @throws FaultError `no-link` when the agent has not joined through a line */
  readonly add: (agent: string, id: number, toxic: { toxic: Toxic; direction: ToxicDirection }) => Promise<void>;
  readonly count: (agent: string, id: number) => Promise<ToxicCount>;
  readonly remove: (agent: string, id: number) => Promise<void>;
}

/** One kind of fault on real processes. */
export interface FaultKind<Kind extends FaultKindName> {
  readonly kind: Kind;
  /** What it does, as one line for `scenarios faults`. */
  readonly does: string;
  /** How it proves its effect. */
  readonly proves: string;
  /** What it needs of the machine. */
  readonly needs: string;
  /** Whether virtual time has an act for it, if not for all that it can be told (`stages/sim/sim-acts.ts`). */
  readonly onSim: boolean;
  /**
   * What of its target it has hold of: of two that have hold of the same, whichever is healed first would undo the other,
   * so they are never in force at once. Missing where several go together.
   */
  readonly holds?: () => string;
  /** Does it. What it wrote ahead is undone if it fails on the way. */
  apply(context: FaultContext, spec: FaultSpecOf<Kind>): Promise<FaultInForce>;
}
