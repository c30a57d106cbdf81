import type { ChoiceStream, Tape } from "../kernel/choices.ts";
import { drawEdge } from "./draw-work.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";

export const faultKinds = [
  "kill-agent",
  "crash-host",
  "stall-agent",
  "fail-checkpoints",
  "fail-spawns",
  "jump-clock",
  "disturb-link",
  "kill-broker",
  "stall-broker",
  "stall-store",
  "lose-store",
  "rot-checkpoints",
] as const satisfies readonly PlanStep["do"][];
export type FaultKind = (typeof faultKinds)[number];

const directions = ["both", "to-broker", "to-agent"] as const;
const disturbances = ["cut", "reset", "lossy", "slow", "duplicating", "reordering"] as const;
interface FaultContext {
  readonly options: PlanOptions;
  readonly quick: boolean;
  /** When jobs come in. */
  readonly submittedAtMs: readonly number[];
  /** Whether the store may forget: the broker's clock does not go back then (docs/adr/0005). */
  readonly storeForgets?: boolean;
}

/** Swarm: each seed switches whole kinds of faults off, and weighs the rest wildly (TigerBeetle's fuzz.zig). */
export function drawFaults(draws: Tape, context: FaultContext): PlanStep[] {
  const swarm = draws.stream("swarm");
  const weights = faultKinds.map((kind) =>
    swarm.chance(`on:${kind}`, 0.5) ? 2 ** swarm.upTo(`weight:${kind}`, 6) : 0,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [];
  const count = 1 + swarm.upTo("faults", context.quick ? 4 : 2 ** (1 + swarm.upTo("many", 4)));
  const steps: PlanStep[] = [];
  const killsAgents = (weights[faultKinds.indexOf("kill-agent")] ?? 0) > 0;
  const storeForgets = (weights[faultKinds.indexOf("lose-store")] ?? 0) > 0;
  for (let number = 0; number < count; number += 1) {
    const stream = draws.stream(`fault:${number}`);
    let rest = stream.upTo("kind", total - 1);
    const index = weights.findIndex((weight) => (rest -= weight) < 0);
    const step = drawFault(stream, faultKinds[index] as FaultKind, { ...context, storeForgets });
    steps.push(step);
    if (step.do === "disturb-link" && killsAgents && stream.chance("restarts", 0.5)) {
      // What an instance had sent before is still on its way when the next one is up.
      const killAtMs = step.atMs + stream.upTo("killAt", step.forMs);
      const downMs = stream.upTo("down", 500);
      steps.push({ atMs: killAtMs, do: "kill-agent", agent: step.agent, downMs, ...drawKill(stream), afterEffects: 0 });
    }
    if ((step.do === "kill-agent" || step.do === "kill-broker") && stream.chance("again", 0.3)) {
      // Right after it came up: recovery is killed too.
      const atMs = step.atMs + step.downMs + stream.upTo("soon", 50);
      steps.push({ ...step, atMs, ...drawKill(stream), afterEffects: 1 + stream.upTo("recovered", 20) });
    }
    if (stream.chance("pauses", 0.3)) {
      // Its owner wants quiet just then: whoever is to be told of that is out of reach, or does not live to hear it.
      const agent =
        "agent" in step && step.agent !== null ? step.agent : stream.upTo("whose", context.options.agents - 1);
      steps.push({ atMs: step.atMs + stream.upTo("pausesAt", 2_000), do: "pause", agent });
    }
  }
  return steps;
}

function drawFault(stream: ChoiceStream, kind: FaultKind, context: FaultContext): PlanStep {
  const { options, quick, submittedAtMs, storeForgets = false } = context;
  const { safetyMs, agents, timing } = options;
  // Now and then while jobs are being offered, accepted and begun.
  const busyAtMs = stream.chance("busy", 0.3)
    ? submittedAtMs[stream.upTo("batch", Math.max(0, submittedAtMs.length - 1))]
    : undefined;
  const atMs = busyAtMs === undefined ? stream.upTo("at", safetyMs) : busyAtMs + stream.upTo("after", 1_500);
  const agent = stream.upTo("agent", agents - 1);
  // From a moment to several lives of a lease.
  const forMs = Math.min(
    quick ? 20_000 : Infinity,
    stream.chance("outlasts", 0.15)
      ? timing.leaseTtlMs + stream.upTo("longer", timing.leaseTtlMs)
      : 2 ** stream.upTo("for", Math.ceil(Math.log2(4 * timing.leaseTtlMs))),
  );
  const downMs = forMs;
  switch (kind) {
    case "kill-agent":
      return { atMs, do: kind, agent, downMs, ...drawKill(stream) };
    case "crash-host":
      return { atMs, do: kind, agent, downMs };
    case "rot-checkpoints":
      return { atMs, do: kind, agent };
    case "stall-agent":
    case "fail-checkpoints":
    case "fail-spawns":
      return { atMs, do: kind, agent, forMs };
    case "jump-clock": {
      const byMs = (stream.chance("back", 0.5) ? -1 : 1) * 2 ** stream.upTo("by", 22);
      const brokers = stream.upTo("whose", agents) === 0 && !(storeForgets && byMs < 0);
      return { atMs, do: kind, agent: brokers ? null : agent, byMs };
    }
    case "disturb-link": {
      const direction = directions[stream.upTo("direction", 2)] as (typeof directions)[number];
      const how = disturbances[stream.upTo("how", disturbances.length - 1)] as (typeof disturbances)[number];
      return { atMs, do: kind, agent, forMs, direction, how };
    }
    case "kill-broker":
      return { atMs, do: kind, downMs, ...drawKill(stream) };
    case "stall-broker":
      return { atMs, do: kind, forMs };
    case "stall-store":
      return { atMs, do: kind, forMs, away: stream.chance("away", 0.5) };
    case "lose-store":
      return { atMs, do: kind, downMs, writes: stream.upTo("all", 3) === 0 ? null : 1 + stream.upTo("writes", 31) };
  }
}

function drawKill(stream: ChoiceStream): { afterEffects: number; edge: ReturnType<typeof drawEdge> } {
  return {
    afterEffects: stream.chance("later", 0.7) ? 1 + stream.upTo("effects", 60) : 0,
    edge: drawEdge(stream),
  };
}
