import { unreachable } from "../../../foundation/assert.ts";
import type { FaultSpec, FaultSpecOf } from "../../faults/fault-spec.ts";
import type { Toxic } from "../../faults/link/toxic.ts";
import type { FaultStep } from "../../simulator/faults.ts";
import { neverMs } from "../../simulator/never.ts";
import type { PlanStepOf } from "../../simulator/plan/plan.ts";
import type { Simulation } from "../../simulator/simulation.ts";
import type { Member } from "../../simulator/world/member.ts";

/** What a fault is in virtual time: acts of the simulator's plans, and how their effect is seen in the model. */
export interface SimAct {
  readonly steps: readonly FaultStep[];
  /** What must be so once it was applied, or by the time when it is healed. */
  readonly lookedFor: string;
  readonly isSeen: () => boolean;
}

interface Cast {
  readonly simulation: Simulation;
  readonly agent: (name: string) => Member;
}

type Disturbance = Pick<PlanStepOf<"disturb-link">, "how" | "slowMs" | "direction">;

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
    case "misbehave-broker":
      return spec.route === undefined && spec.first === undefined && eventDisturbanceOf(spec) !== undefined;
    case "slow-process":
      return false;
    default:
      return unreachable(spec);
  }
}

/** The act; undefined where there is none. */
export function simActOf(spec: FaultSpec, cast: Cast): SimAct | undefined {
  if (!isOnSim(spec)) return undefined;
  switch (spec.kind) {
    case "kill-process":
      return killAct(spec.process, cast);
    case "stop-process":
      return stopAct(spec.process, cast);
    case "disturb-link": {
      const disturbance = disturbanceOf(spec.toxic);
      const { direction = "both" } = spec;
      return disturbance && linkAct([cast.agent(spec.agent)], { ...disturbance, direction });
    }
    case "misbehave-broker": {
      const disturbance = eventDisturbanceOf(spec);
      const members = spec.agent === undefined ? cast.simulation.members : [cast.agent(spec.agent)];
      return disturbance && linkAct(members, disturbance);
    }
    case "slow-process":
      return undefined;
    default:
      return unreachable(spec);
  }
}

function killAct(process: string, { simulation: { broker }, agent }: Cast): SimAct {
  if (process === "broker") {
    return {
      steps: [{ do: "kill-broker", ...killed }],
      lookedFor: "a broker that is down",
      isSeen: () => !broker.isUp,
    };
  }
  const member = agent(process);
  const wasUp = member.body !== null;
  return {
    steps: [{ do: "kill-agent", agent: member.host.index, ...killed }],
    lookedFor: "an agent that is down",
    isSeen: () => wasUp && member.body === null,
  };
}

function stopAct(process: string, { simulation: { broker }, agent }: Cast): SimAct {
  if (process === "broker") {
    const isSeen = (): boolean => broker.isStalled;
    return { steps: [{ do: "stall-broker", ...now }], lookedFor: "a broker that stands still", isSeen };
  }
  const member = agent(process);
  return {
    steps: [{ do: "stall-agent", agent: member.host.index, ...now }],
    lookedFor: "an agent that stands still",
    isSeen: () => member.body?.isStalled === true,
  };
}

/** Messages of a modelled line are lost or late as a whole; what is cut stays lost, and is sent again by whoever sent it. */
function linkAct(members: readonly Member[], disturbance: Disturbance): SimAct {
  const hits = (): number => members.reduce((sum, { host }) => sum + host.link.spoiled, 0);
  const before = hits();
  return {
    steps: members.map(({ host }) => ({ do: "disturb-link", agent: host.index, ...disturbance, ...now })),
    lookedFor: "messages that it hit",
    isSeen: () => hits() > before,
  };
}

function disturbanceOf(toxic: Toxic): Omit<Disturbance, "direction"> | undefined {
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

/** Of the broker's misbehaviour what a modelled line does to events, and to the answers beside them. */
function eventDisturbanceOf({ rule }: FaultSpecOf<"misbehave-broker">): Disturbance | undefined {
  if (rule.kind === "duplicate-events") return { how: "duplicating", direction: "to-agent" };
  if (rule.kind === "reorder-events") return { how: "reordering", direction: "to-agent" };
  return undefined;
}
