import { unreachable } from "../../../foundation/assert.ts";
import type { FaultSpec } from "../../faults/fault-spec.ts";
import type { FaultStep } from "../../simulator/faults.ts";
import { neverMs } from "../../simulator/never.ts";
import type { Simulation } from "../../simulator/simulation.ts";
import type { Member } from "../../simulator/world/member.ts";

/** What a fault is in virtual time: an act of the simulator's plans, and how its effect is seen in the model. */
export interface SimAct {
  readonly step: FaultStep;
  /** What must be so once it was applied, or by the time when it is healed. */
  readonly lookedFor: string;
  readonly isSeen: () => boolean;
}

interface Cast {
  readonly simulation: Simulation;
  readonly agent: (name: string) => Member;
}

/** At once, and until it is healed. */
const now = { atMs: 0, forMs: neverMs } as const;
const killed = { atMs: 0, downMs: neverMs, afterEffects: 0, edge: "after" } as const;

/** Whether virtual time has an act for it. */
export function isOnSim(spec: FaultSpec): boolean {
  switch (spec.kind) {
    case "kill-process":
    case "stop-process":
      return spec.part !== "jobs";
    case "slow-process":
      return false;
    default:
      return unreachable(spec);
  }
}

/** The act; undefined where there is none. */
export function simActOf(spec: FaultSpec, { simulation, agent }: Cast): SimAct | undefined {
  const { broker } = simulation;
  if (!isOnSim(spec)) return undefined;
  if (spec.kind === "kill-process" && spec.process === "broker") {
    return { step: { do: "kill-broker", ...killed }, lookedFor: "a broker that is down", isSeen: () => !broker.isUp };
  }
  if (spec.kind === "stop-process" && spec.process === "broker") {
    const isSeen = (): boolean => broker.isStalled;
    return { step: { do: "stall-broker", ...now }, lookedFor: "a broker that stands still", isSeen };
  }
  const member = agent(spec.process);
  const wasUp = member.body !== null;
  const { index } = member.host;
  if (spec.kind === "kill-process") {
    const isSeen = (): boolean => wasUp && member.body === null;
    return { step: { do: "kill-agent", agent: index, ...killed }, lookedFor: "an agent that is down", isSeen };
  }
  const isSeen = (): boolean => member.body?.isStalled === true;
  return { step: { do: "stall-agent", agent: index, ...now }, lookedFor: "an agent that stands still", isSeen };
}
