import { unreachable } from "../../../foundation/assert.ts";
import { FaultError } from "../../faults/fault-error.ts";
import type { FaultSpec, FaultSpecOf } from "../../faults/fault-spec.ts";
import type { Toxic } from "../../faults/link/toxic.ts";
import type { FaultStep } from "../../simulator/faults.ts";
import { neverMs } from "../../simulator/never.ts";
import type { PlanStepOf } from "../../simulator/plan/plan.ts";
import type { Simulation } from "../../simulator/simulation.ts";
import type { DisorderKind } from "../../simulator/world/event-disorder.ts";
import type { Member } from "../../simulator/world/member.ts";

/** What a fault is in virtual time: acts of the simulator's plans, and how their effect is seen in the model. */
export interface SimAct {
  readonly steps: readonly FaultStep[];
  /** What no plan has a step for: done when it is applied, and undone by what comes back. */
  readonly begin?: () => () => void;
  /** What the history calls it, and whom it is done to, where no step says so. */
  readonly named?: { readonly fault: string; readonly target: string };
  /** What must be so once it was applied, or by the time when it is healed. */
  readonly lookedFor: string;
  readonly isSeen: () => boolean;
}

interface Cast {
  readonly simulation: Simulation;
  readonly agent: (name: string) => Member;
  /** How many commits the store had taken when a step kept it, by the name under which it did. */
  readonly keptStores: ReadonlyMap<string, number>;
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
      return spec.route === undefined && spec.first === undefined && disorderOf(spec) !== undefined;
    case "fill-disk":
    case "lose-store":
    case "jump-clock":
      return true;
    case "limit-processes":
      return spec.process !== "broker" && spec.spare === 0;
    case "slow-process":
    case "lock-home":
    case "limit-descriptors":
    case "disturb-calls":
    case "flush-store":
    case "rollback-store":
    case "load":
    case "storm":
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
      const kind = disorderOf(spec);
      return kind && disorderAct(spec.agent === undefined ? undefined : cast.agent(spec.agent), kind, cast);
    }
    case "lose-store":
      return storeAct(spec.to, cast);
    case "jump-clock":
      return clockAct(spec, cast);
    case "fill-disk":
      return hostAct("fail-checkpoints", cast.agent(spec.agent).host);
    case "limit-processes":
      return hostAct("fail-spawns", cast.agent(spec.process).host);
    case "slow-process":
    case "lock-home":
    case "limit-descriptors":
    case "disturb-calls":
    case "flush-store":
    case "rollback-store":
    case "load":
    case "storm":
      return undefined;
    default:
      return unreachable(spec);
  }
}

/** No commit ends; of a server that is gone the broker knows that. */
function stallStoreAct(away: boolean, { broker }: Simulation): SimAct {
  const { stalledCommits } = broker;
  return {
    steps: [{ do: "stall-store", ...now, away }],
    lookedFor: "a commit that had to wait",
    isSeen: () => broker.stalledCommits > stalledCommits,
  };
}

function killAct(process: string, { simulation, agent }: Cast): SimAct {
  const { broker } = simulation;
  if (process === "store") return stallStoreAct(true, simulation);
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

/** As on a real machine, whoever runs goes by a steady clock. */
function clockAct(
  { process, byMs }: FaultSpecOf<"jump-clock">,
  { simulation: { broker, world }, agent }: Cast,
): SimAct {
  const member = process === "broker" ? undefined : agent(process);
  const aheadMs = (): number | null => {
    const shownMs = member === undefined ? broker.wallMs : (member.body?.wallMs ?? null);
    return shownMs === null ? null : shownMs - world.wallMs(0);
  };
  return {
    steps: [{ do: "jump-clock", atMs: 0, agent: member?.host.index ?? null, byMs }],
    lookedFor: "a process that was started since, with the wrong time",
    // As on the host: by how much it is off, whatever it was before.
    isSeen: () => Math.abs((aheadMs() ?? 0) - byMs) < 1,
  };
}

/** @throws FaultError `no-store` */
function storeAct(to: string | undefined, { simulation: { broker }, keptStores }: Cast): SimAct {
  const kept = to === undefined ? 0 : keptStores.get(to);
  if (kept === undefined) {
    throw new FaultError(`No step has kept the store as "${to}".`, {
      code: "no-store",
      next: `Keep it before: { step: "keep-store", as: "${to}" }.`,
    });
  }
  const { commits } = broker;
  const writes = to === undefined ? null : commits - kept;
  return {
    steps: writes === 0 ? [] : [{ do: "lose-store", atMs: 0, downMs: neverMs, writes }],
    lookedFor: "commits that were forgotten",
    isSeen: () => commits > kept && !broker.isUp,
  };
}

function stopAct(process: string, { simulation, agent }: Cast): SimAct {
  const { broker } = simulation;
  if (process === "store") return stallStoreAct(false, simulation);
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

/** Of what needs room or processes the model has checkpoints and sandboxes. */
function hostAct(act: "fail-checkpoints" | "fail-spawns", host: Member["host"]): SimAct {
  const { index, failures } = host;
  const lookedFor =
    act === "fail-spawns" ? "a sandbox that could not be started" : "a checkpoint that could not be saved";
  return { steps: [{ do: act, agent: index, ...now }], lookedFor, isSeen: () => host.failures > failures };
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

/** Of one agent's events, or of everybody's. */
function disorderAct(member: Member | undefined, kind: DisorderKind, { simulation }: Cast): SimAct {
  const { world } = simulation;
  const streams = (member === undefined ? simulation.members : [member]).map(({ host }) => host.link.events);
  const hits = (): number => streams.reduce((sum, stream) => sum + stream.hits, 0);
  const before = hits();
  const named = { fault: `events-${kind}`, target: member?.host.agentId ?? "broker" };
  return {
    steps: [],
    named,
    begin() {
      world.record(world.harness, "fault.applied", { ...named, detail: "until it is mended", subjects: [] });
      const ends = streams.map((stream) => stream.begin(kind));
      return () => {
        for (const end of ends) end();
        world.record(world.harness, "fault.undone", named);
      };
    },
    lookedFor: kind === "twice" ? "events that came twice" : "events that changed places",
    isSeen: () => hits() > before,
  };
}

/** What the modelled broker does to events. */
function disorderOf({ rule }: FaultSpecOf<"misbehave-broker">): DisorderKind | undefined {
  if (rule.kind === "duplicate-events") return "twice";
  if (rule.kind === "reorder-events") return "swapped";
  return undefined;
}
