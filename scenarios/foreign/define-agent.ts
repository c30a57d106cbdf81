import type { AgentState } from "../../protocol/agent-states.ts";

/**
 * A program and its arguments, without a shell. `{name}`, `{home}`, `{slots}`, `{pid}`, `{broker}` and `{token}` in them
 * become what they say. It has done what it is for when it ends with 0.
 */
export type AgentCommand = readonly [string, ...string[]];

/** What an adapter is given of one agent of the cast. */
export interface ForeignAgent {
  /** As the scenario's steps name it. */
  readonly name: string;
  /** A path at which nothing is yet, for an agent that lives in one directory. */
  readonly home: string;
  /** How many jobs it is to run at once. */
  readonly slots: number;
  /** Of an adapter that uses it, once it was started. */
  readonly broker: { readonly url: string; readonly joinToken: string } | undefined;
  /** Aborted when the run is to end, or the step has taken too long. */
  readonly signal: AbortSignal;
  /** The agent's processes now: those that commands of the adapter left running, and those of `pids`. */
  readonly pids: () => readonly number[];
  /**
   * Runs a program to its end, marked as this run's, with its output in the run directory's logs. Its standard output is
   * what it returns; throws when it does not end with 0.
   */
  readonly run: (
    command: AgentCommand,
    options?: { readonly env?: Readonly<Record<string, string>> },
  ) => Promise<string>;
}

export interface ForeignJobs {
  readonly batch: string;
  readonly jobs: number;
  /** How much work each is, and how much time on the processor a unit of it takes, in milliseconds. */
  readonly units: number;
  readonly unitCpuMs: number;
}

type Act = AgentCommand | ((agent: ForeignAgent) => unknown);

/** How somebody else's agent is asked for what a scenario asks of it. What is left out is reported as not applicable. */
export interface AgentDefinition {
  /** What it is called in reports. */
  readonly name: string;
  /** Whether it takes its work from the broker on the stage. */
  readonly usesBroker?: boolean;
  /** Installs and starts it, or whatever makes it a guest of this host. */
  readonly join: Act;
  /** How long it may take to be there after that, as `status` says; 60,000 ms. */
  readonly readyWithinMs?: number;
  /**
   * Asks the agent itself how it is; throws, or ends with another code than 0, where it does not answer. Its state is
   * what it returns, or the first word of what it prints, if that is one of the agent's states; else it is Idle.
   */
  readonly status?: AgentCommand | ((agent: ForeignAgent) => Promise<AgentState | void> | AgentState | void);
  /** Its processes, where they are not those that `join` left running: a service manager's. */
  readonly pids?: (agent: ForeignAgent) => Promise<readonly number[]> | readonly number[];
  readonly pause?: Act;
  /** How long its processes may take to stand still after that; 5,000 ms. */
  readonly standsWithinMs?: number;
  readonly resume?: Act;
  /** Gives it work, where that does not come from the broker. */
  readonly submit?: (agent: ForeignAgent, jobs: ForeignJobs) => unknown;
  /** Takes it off this host, with all that it brought. */
  readonly withdraw: Act;
  /**
   * What takes it off whatever state it is in, for a harness that was killed or a step that failed; idempotent. By
   * default `withdraw`, which must be a command then.
   */
  readonly undo?: AgentCommand;
}

/** What a file of the author's exports by default. */
export interface DefinedAgent {
  readonly agent: AgentDefinition;
}

/** Defines an adapter: to be the default export of a file, for `scenarios run --agent FILE`. */
export function defineAgent(agent: AgentDefinition): DefinedAgent {
  return { agent };
}
