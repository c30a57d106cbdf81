import { assert } from "../../foundation/assert.ts";
import { type AgentState, agentSuccessors } from "../../protocol/agent-states.ts";
import { type ExecutionState, executionTransition, isTerminalExecution } from "../../protocol/execution-states.ts";
import type { AgentEffect } from "../core/effect.ts";
import { takesSlot } from "../core/lease-stages.ts";
import type { AgentInput } from "../core/input.ts";
import type { AgentCore } from "../core/state.ts";

/**
 * Looks at whatever leaves an agent's core, and at what it holds, after every input: what DESIGN calls I4, I5, I6, I9
 * and I11, whatever came in. It knows nothing of why the core does a thing.
 */
export class InvariantWatch {
  /** How far the execution of each lease is that is held. */
  readonly #executions = new Map<string, ExecutionState>();
  /** Directories of leases that were made, or asked for, and not wiped. */
  readonly #workspaces = new Set<string>();
  /** Leases that the journal names. */
  readonly #notes = new Set<string>();
  #state: AgentState = "Enrolling";
  /** Since when everything is to stand still; a sandbox that comes up then must be stopped too. */
  #frozen = false;
  #shutdowns = { begin: 0, end: 0, told: 0 };
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** After one input: what it led to, and what the core is now. */
  look(input: AgentInput, effects: readonly AgentEffect[], core: AgentCore): void {
    assert(!this.#ended || effects.length === 0, "whoever has ended does nothing any more (I9)");
    const cameUp = input.type === "sandboxStarted" && core.leases[input.leaseId]?.stage === "running";
    const isStopped = effects.some(({ kind }) => kind === "freezeAll");
    assert(!(cameUp && this.#frozen) || isStopped, "what comes up while everything stands still is stopped too (I5)");
    for (const effect of effects) this.#see(effect, core);
    this.#lookAt(core);
  }

  #see(effect: AgentEffect, core: AgentCore): void {
    const closed = core.pause !== null || core.withdrawal !== null || core.shutdown !== null;
    if (effect.kind === "record") this.#record(effect);
    else if (effect.kind === "accept") assert(!closed, "nothing is accepted while intake is closed (I6)");
    else if (effect.kind === "heartbeat") {
      assert(!closed || effect.request.slotsFree === 0, "nothing is offered while intake is closed (I6)");
    } else if (effect.kind === "startSandbox") {
      assert(!closed, "nothing is started while intake is closed (I6)");
      assert(!this.#frozen, "nothing is started while everything stands still (I5)");
    } else if (effect.kind === "freezeAll") this.#frozen = true;
    else if (effect.kind === "thawAll") {
      assert(core.pause === null, "nothing goes on before the resume (I5)");
      assert(core.withdrawal === null && core.agent !== "Paused", "nothing goes on on the way out (I5)");
      this.#frozen = false;
    } else if (effect.kind === "notifyShutdown") {
      this.#shutdowns.told += 1;
      assert(this.#shutdowns.told === 1, "the broker is told of a shutdown once (I9)");
    } else if (effect.kind === "exit") {
      assert(!this.#ended, "the process ends once (I9)");
      this.#ended = true;
    } else this.#count(effect);
  }

  /** What is taken of the host and given back. */
  #count(effect: AgentEffect): void {
    if (effect.kind === "prepareSandbox") {
      assert(!this.#workspaces.has(effect.leaseId), "a directory is made once (I11)");
      this.#workspaces.add(effect.leaseId);
    } else if (effect.kind === "wipeSandbox") this.#workspaces.delete(effect.leaseId);
    else if (effect.kind === "wipeHome") {
      this.#workspaces.clear();
      this.#notes.clear();
    } else if (effect.kind === "remember" && effect.note.key.startsWith("lease:")) {
      if (effect.note.value === null) this.#notes.delete(effect.note.key);
      else this.#notes.add(effect.note.key);
    }
  }

  #record({ type, data }: Extract<AgentEffect, { kind: "record" }>): void {
    if (type === "agent.state") {
      const { from, to } = data as { from: AgentState; to: AgentState };
      assert(from === this.#state, "each state is entered from the one before (I4)");
      assert(agentSuccessors(from).includes(to), `the table leads from ${from} to ${to} (I4)`);
      this.#state = to;
    } else if (type === "agent.execution") {
      const { leaseId, from, to } = data as { leaseId: string; from: ExecutionState | null; to: ExecutionState };
      const before = this.#executions.get(leaseId) ?? null;
      // A broker that gives an id away again gives another lease: the first is over by then, or this is wrong.
      const isAnew = from === null && before !== null && isTerminalExecution(before);
      assert(before === from || isAnew, "an execution goes on from where it was (I4)");
      const isAllowed = from === null ? to === "spawning" : executionTransition(from, to).accepted;
      assert(isAllowed, `an execution goes from ${from} to ${to} (I4)`);
      this.#executions.set(leaseId, to);
    } else if (type === "agent.shutdown") {
      const { stage } = data as { stage: "begin" | "end" };
      this.#shutdowns[stage] += 1;
      assert(this.#shutdowns[stage] === 1, "a shutdown begins once, and ends once (I9)");
      assert(this.#shutdowns.begin === 1, "what ends has begun (I9)");
    }
  }

  #lookAt(core: AgentCore): void {
    assert(core.agent === this.#state, "the state is the one that was told (I4)");
    if (core.agent === "Paused") {
      assert(this.#frozen && core.freeze !== null, "while Paused everything stands still (I5)");
    }
    const ids = core.leaseList.map(({ leaseId }) => leaseId);
    assert(new Set(ids).size === ids.length, "a lease is held once (I11)");
    assert(JSON.stringify(Object.keys(core.leases).sort()) === JSON.stringify([...ids].sort()), "both lists agree");
    const used = core.leaseList.filter(({ stage }) => takesSlot(stage)).length;
    assert(used <= core.slots, "no more is held than there are slots (I11)");
    if (this.#ended || core.withdrawal !== null) return;
    for (const leaseId of this.#workspaces) {
      assert(core.leases[leaseId] !== undefined, "a directory goes before its lease does (I11)");
    }
    for (const key of this.#notes) {
      assert(
        core.leases[key.slice("lease:".length)] !== undefined,
        "the journal names what is held, and no more (I11)",
      );
    }
  }
}
