import { unreachable } from "../../../foundation/assert.ts";
import type { FaultSpec, FaultSpecOf } from "../../faults/fault-spec.ts";
import type { Toxic } from "../../faults/link/toxic.ts";
import type { FaultStep } from "../../simulator/faults.ts";
import type { PlanStepOf } from "../../simulator/plan/plan.ts";
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
    case "disturb-link":
      return disturbanceOf(spec.toxic) !== undefined;
    case "slow-process":
      return false;
    default:
      return unreachable(spec);
  }
}

/** The act; undefined where there is none. */
export function simActOf(spec: FaultSpec, { simulation, agent }: Cast): SimAct | undefined {
  const { broker } = simulation;
  if (spec.kind === "disturb-link") return linkAct(spec, agent(spec.agent).host);
  if (!isOnSim(spec) || spec.kind === "slow-process") return undefined;
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

/** Messages of a modelled line are lost or late as a whole; what is cut stays lost, and is sent again by whoever sent it. */
function linkAct(
  { toxic, direction = "both" }: FaultSpecOf<"disturb-link">,
  { index, link }: Member["host"],
): SimAct | undefined {
  const disturbance = disturbanceOf(toxic);
  if (disturbance === undefined) return undefined;
  const { spoiled } = link;
  return {
    step: { do: "disturb-link", agent: index, direction, ...disturbance, ...now },
    lookedFor: "messages that it hit",
    isSeen: () => link.spoiled > spoiled,
  };
}

function disturbanceOf(toxic: Toxic): Pick<PlanStepOf<"disturb-link">, "how" | "slowMs"> | undefined {
  switch (toxic.type) {
    case "blackhole":
      return { how: "cut" };
    case "reset":
      return toxic.afterBytes === undefined ? { how: "reset" } : undefined;
    case "latency":
      return { how: "slow", slowMs: { min: toxic.latencyMs, jitter: toxic.jitterMs ?? 0 } };
    case "bandwidth":
    case "slice":
    case "half-close":
      return undefined;
    default:
      return unreachable(toxic);
  }
}
