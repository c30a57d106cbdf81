import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { SpawnBehaviour } from "./spawn-behaviour.ts";

/** By then what was asked for is in the store, in milliseconds. */
const commitMsMax = 6;

/** The operator has agents started on the broker's host, and ends some: soon, twice, all at once. */
export function drawExecutions(stream: ChoiceStream, { safetyMs }: PlanOptions): PlanStep[] {
  const steps: PlanStep[] = [];
  const spawns = 1 + stream.upTo("spawns", 4);
  for (let spawn = 0; spawn < spawns; spawn += 1) {
    const atMs = stream.upTo("at", safetyMs - 1);
    steps.push({ atMs, do: "spawn", behaviour: drawBehaviour(stream) });
    if (!stream.chance("ended", 0.6)) continue;
    // Now and then while it is on its way.
    const killAtMs = atMs + stream.upTo("endedAfter", stream.chance("soon", 0.4) ? 80 : 6_000);
    const execution = stream.chance("all", 0.3) ? null : spawn;
    steps.push({ atMs: killAtMs, do: "kill-spawned", execution, now: stream.chance("now", 0.2) });
    if (!stream.chance("again", 0.3)) continue;
    const again = { do: "kill-spawned", execution, now: stream.chance("now", 0.5) } as const;
    steps.push({ atMs: killAtMs + stream.upTo("again", 2_000), ...again });
  }
  return steps;
}

const troubles = ["none", "none", "replayed", "forged", "stale", "suspended", "overtaken"] as const;
const actions = ["spawn", "spawn", "kill", "status"] as const;

/** The same through a federation, with lost answers and with somebody on the line who means no good. */
export function drawFederation(stream: ChoiceStream, { safetyMs }: PlanOptions): PlanStep[] {
  const commands = 1 + stream.upTo("commands", 5);
  return Array.from({ length: commands }, (): PlanStep => {
    const atMs = stream.upTo("at", safetyMs - 1);
    const action = actions[stream.upTo("action", actions.length - 1)] ?? "spawn";
    const trouble = troubles[stream.upTo("trouble", troubles.length - 1)] ?? "none";
    const tries = stream.chance("lost", 0.5) ? 1 + stream.upTo("tries", 3) : 0;
    const againMs = 1 + stream.upTo("again", 2_000);
    const execution = stream.upTo("execution", 5);
    return { atMs, do: "command-spoke", action, behaviour: drawBehaviour(stream), execution, trouble, tries, againMs };
  });
}

/** The broker dies just when it starts or ends one, so that each step of it is broken in some seed. */
export function drawDeathOverExecutions(stream: ChoiceStream, steps: readonly PlanStep[]): PlanStep[] {
  const targets = steps.filter((step) => step.do !== "submit");
  const target = targets[stream.upTo("over", Math.max(0, targets.length - 1))];
  if (target === undefined) return [];
  const afterEffects = stream.upTo("effects", 6);
  const edge = stream.chance("before", 0.5) ? "before" : "after";
  // A moment before, so that what is asked for burns the fuse; or a moment after it.
  const atMs = stream.chance("after", 0.5)
    ? target.atMs + commitMsMax + stream.upTo("later", stream.chance("in its grace", 0.5) ? 3_000 : 60)
    : Math.max(0, target.atMs - 1);
  return [{ atMs, do: "kill-broker", downMs: stream.upTo("down", 3_000), afterEffects, edge }];
}

function drawBehaviour(stream: ChoiceStream): SpawnBehaviour {
  return {
    ...SpawnBehaviour.parse({}),
    livesMs: stream.chance("ends", 0.5) ? 2 ** stream.upTo("lives", 14) : null,
    exitCode: stream.chance("badly", 0.3) ? 1 + stream.upTo("exitCode", 3) : 0,
    onTerm: stream.chance("stubborn", 0.3) ? "ignores" : "ends",
    fails: stream.chance("fails", 0.1),
  };
}
