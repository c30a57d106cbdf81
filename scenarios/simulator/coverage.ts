import { agentStates, type AgentState } from "../../protocol/agent-states.ts";
import type { BrokerInputType } from "../../broker-sim/core/inputs.ts";
import { agentInputs, type AgentInputType, brokerInputs } from "./coverage-inputs.ts";
import { isPossibleForAgent } from "./impossible-cells.ts";
import { faultClasses, type FaultClass } from "./world/active-faults.ts";

export interface CoverageCell {
  readonly actor: "agent" | "broker";
  /** The state of the agent; empty for the broker. */
  readonly state: string;
  readonly input: string;
  readonly fault: FaultClass;
  /** Whether the process was killed while it carried out what it had decided. */
  readonly crash: boolean;
}

const brokerOffset = agentStates.length * agentInputs.length * faultClasses.length * 2;
export const coverageSize = brokerOffset + brokerInputs.length * faultClasses.length * 2;

const agentInputIndex = new Map<string, number>(agentInputs.map((input, index) => [input, index]));
const brokerInputIndex = new Map<string, number>(brokerInputs.map((input, index) => [input, index]));
const stateIndex = new Map<string, number>(agentStates.map((state, index) => [state, index]));

/** Counts which inputs met which state, under which faults, and whether the process died over it. */
export class Coverage {
  readonly counts = new Uint32Array(coverageSize);

  /** @returns the cell, so that a crash can be told of it */
  agent(state: AgentState, input: AgentInputType, fault: number): number {
    const row = (stateIndex.get(state) as number) * agentInputs.length + (agentInputIndex.get(input) as number);
    return this.#count((row * faultClasses.length + fault) * 2);
  }

  broker(input: BrokerInputType, fault: number): number {
    return this.#count(brokerOffset + ((brokerInputIndex.get(input) as number) * faultClasses.length + fault) * 2);
  }

  /**
   * The process was killed while it carried out what it made of that cell's input; under the faults of now, because some
   * of what it is asked takes its time, and the kill may have been lit meanwhile.
   */
  crash(cell: number, fault: number): void {
    const perInput = faultClasses.length * 2;
    this.#count(cell - (cell % perInput) + fault * 2 + 1);
  }

  #count(cell: number): number {
    this.counts[cell] = (this.counts[cell] as number) + 1;
    return cell;
  }
}

/** Every cell that can be reached, in the order of the counts, with its index. */
export function possibleCells(): { readonly cell: CoverageCell; readonly index: number }[] {
  const cells: { cell: CoverageCell; index: number }[] = [];
  for (let index = 0; index < coverageSize; index += 1) {
    const cell = cellAt(index);
    if (isPossible(cell)) cells.push({ cell, index });
  }
  return cells;
}

export interface CoverageSummary {
  readonly covered: number;
  readonly possible: number;
  readonly empty: readonly CoverageCell[];
  /** Cells that were said to be impossible, and were reached. */
  readonly surprising: readonly CoverageCell[];
}

export function summarizeCoverage(counts: Uint32Array): CoverageSummary {
  const possible = possibleCells();
  const empty = possible.filter(({ index }) => counts[index] === 0).map(({ cell }) => cell);
  const surprising: CoverageCell[] = [];
  for (let index = 0; index < coverageSize; index += 1) {
    const cell = cellAt(index);
    if ((counts[index] ?? 0) > 0 && !isPossible(cell)) surprising.push(cell);
  }
  return { covered: possible.length - empty.length, possible: possible.length, empty, surprising };
}

function cellAt(index: number): CoverageCell {
  const crash = index % 2 === 1;
  const isBroker = index >= brokerOffset;
  const rest = ((isBroker ? index - brokerOffset : index) - (crash ? 1 : 0)) / 2;
  const fault = faultClasses[rest % faultClasses.length] as FaultClass;
  const row = Math.floor(rest / faultClasses.length);
  if (isBroker) return { actor: "broker", state: "", input: brokerInputs[row] as string, fault, crash };
  const state = agentStates[Math.floor(row / agentInputs.length)] as string;
  return { actor: "agent", state, input: agentInputs[row % agentInputs.length] as string, fault, crash };
}

function isPossible({ actor, state, input, fault, crash }: CoverageCell): boolean {
  // A kill is itself a fault of the host or the broker.
  if (crash && (fault === "none" || fault === "link")) return false;
  if (actor === "broker") return !(crash && fault === "host");
  if (crash && fault === "broker") return false;
  return isPossibleForAgent(state as AgentState, input as AgentInputType);
}
