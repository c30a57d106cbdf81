import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { work } from "./situation.ts";

/** For how long a host must be quiet: in short lives seconds, else up to a minute. */
export function drawQuietMs(stream: ChoiceStream, quick: boolean): number {
  return quick ? 500 + stream.upTo("quiet", 3_500) : 1_000 * (1 + stream.upTo("quiet", 59));
}

/**
 * The owner of a host is active at it, goes away, comes back; meanwhile owner and operator pause and resume, and the
 * agent is started anew. The times between are those at which it is just quiet, or just not.
 */
export function drawActivity(
  stream: ChoiceStream,
  { options, quietMs }: { options: PlanOptions; quietMs: number },
): PlanStep[] {
  const { agents, joinWithinMs, safetyMs } = options;
  const agent = stream.upTo("agent", agents - 1);
  const beginsAtMs = joinWithinMs + stream.upTo("at", Math.floor(safetyMs / 3));
  const active = { do: "activity", agent } as const;
  const wishes = [
    ...[active, active, active, active, active],
    { do: "pause", agent },
    { do: "resume", agent },
    { do: "resume", agent },
    { do: "command", agent, command: "pause" },
    { do: "command", agent, command: "resume" },
    { do: "signal", agent, name: "SIGTERM", downMs: 100 + stream.upTo("down", 2_000) },
    { do: "kill-agent", agent, downMs: stream.upTo("down", 1_000), afterEffects: 0, edge: "after" },
  ] as const;
  const steps: PlanStep[] = [
    work({ options, agent, atMs: Math.max(0, beginsAtMs - 1_500) }, { units: 20, lastsMs: 3_000 + quietMs }),
  ];
  let atMs = beginsAtMs;
  if (stream.chance("resumed over a restart", 0.25)) {
    const soon = (): number => Math.ceil(quietMs / 16) + stream.upTo("soon", Math.floor(quietMs / 8));
    const signal = { do: "signal", agent, name: "SIGTERM", downMs: Math.ceil(quietMs / 16) } as const;
    for (const wish of [active, { do: "resume", agent }, signal, active, active] as const) {
      steps.push({ atMs, ...wish });
      atMs += soon();
    }
  }
  for (let left = 3 + stream.upTo("acts", 7); left > 0; left -= 1) {
    const wish = left === 3 ? active : (wishes[stream.upTo("wish", wishes.length - 1)] as (typeof wishes)[number]);
    steps.push({ atMs, ...wish });
    atMs += stream.chance("long", 0.3) ? quietMs + stream.upTo("longer", quietMs) : stream.upTo("soon", quietMs);
  }
  // Nothing but the quiet ends that pause any more.
  if (stream.chance("killed while it pauses", 0.25)) {
    const kill = { do: "kill-agent", agent, downMs: 100, afterEffects: 0, edge: "after" } as const;
    steps.push({ atMs, ...active }, { atMs: atMs + stream.upTo("soon", Math.floor(quietMs / 2)), ...kill });
  }
  return steps;
}
