import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { type Situation, work } from "./situation.ts";

/** So many units of work make a job. */
const units = 10;

const situations = [
  "stopped before it ran",
  "a slot that breaks",
  "held over a long pause",
  "asked while it leaves",
  "upload over a long pause",
] as const;

/**
 * What becomes of a lease at a moment that hardly ever comes: while it is not started yet, or when its job does not
 * die. Steps that are added to a short plan; what breaks something is left out where nothing may break.
 */
export function drawRareSituation(stream: ChoiceStream, options: PlanOptions): PlanStep[] {
  const agent = stream.upTo("agent", options.agents - 1);
  const atMs = options.joinWithinMs + stream.upTo("at", 4_000);
  const context = { options, agent, atMs };
  switch (situations[stream.upTo("situation", situations.length - 1)] as (typeof situations)[number]) {
    case "stopped before it ran":
      return stoppedBeforeItRan(stream, context);
    case "a slot that breaks":
      return slotThatBreaks(stream, context);
    case "held over a long pause":
      return heldOverALongPause(stream, context);
    case "asked while it leaves":
      return askedWhileItLeaves(stream, context);
    case "upload over a long pause":
      return uploadOverALongPause(stream, context);
  }
}

/** Answers overtake each other or are lost, so that much may come between an acceptance and its answer. */
function lateAnswers(stream: ChoiceStream, { agent, atMs }: Situation, forMs: number): PlanStep {
  const how = stream.chance("lost", 0.4) ? "lossy" : "reordering";
  return { atMs, do: "disturb-link", agent, forMs, direction: "to-agent", how };
}

function cancels(stream: ChoiceStream, { fromMs, times }: { fromMs: number; times: number }): PlanStep[] {
  return Array.from({ length: times }, (): PlanStep => {
    return { atMs: fromMs + stream.upTo("cancelAt", 1_500), do: "cancel", job: stream.upTo("job", 9) };
  });
}

/** Its job is cancelled, or its holder leaves, while it is being accepted, prepared or spawned (docs/cases.md, case 14). */
function stoppedBeforeItRan(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const fromMs = atMs + 100 + stream.upTo("from", 1_500);
  const signal = { do: "signal", agent, name: "SIGTERM", downMs: 200 + stream.upTo("down", 2_000) } as const;
  const stops: readonly (readonly PlanStep[])[] = [
    cancels(stream, { fromMs, times: 8 }),
    [
      { atMs: fromMs, ...signal },
      { atMs: fromMs + 501 + stream.upTo("second", 700), ...signal },
    ],
  ];
  return [
    work(context, { units, lastsMs: 4_000 }),
    lateAnswers(stream, context, 4_000),
    ...(stops[stream.upTo("stop", stops.length - 1)] as readonly PlanStep[]),
  ];
}

/** A job that outlives SIGKILL for longer than anybody waits, and what its owner and the operator do meanwhile (case 52). */
function slotThatBreaks(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { options, agent, atMs } = context;
  const laterMs = atMs + 60_000 + stream.upTo("later", 35_000);
  const { leaseTtlMs } = options.timing;
  const cut = { do: "disturb-link", agent, forMs: 2 * leaseTtlMs, direction: "both", how: "cut" } as const;
  const asks: readonly (readonly PlanStep[])[] = [
    [],
    [
      { atMs: laterMs, do: "pause", agent },
      { atMs: laterMs + stream.upTo("resume", 20_000), do: "resume", agent },
    ],
    [{ atMs: laterMs, do: "signal", agent, name: "SIGTERM", downMs: 500 }],
  ];
  return [
    // One for each, so that there may be room for others.
    work(context, { units, jobs: options.agents, lastsMs: 10_000, onTerm: "unkillable" }),
    ...(stream.chance("isolated", 0.4)
      ? [{ atMs: atMs + 300 + stream.upTo("cutAt", 2_000), ...cut }]
      : cancels(stream, { fromMs: atMs + 1_500, times: 4 })),
    { ...work(context, { units, lastsMs: 3_000 }), atMs: atMs + 63_000 },
    ...(asks[stream.upTo("ask", asks.length - 1)] as readonly PlanStep[]),
  ];
}

/** It waits for longer than a lease lives, with its broker or without. */
function heldOverALongPause(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { options, agent, atMs } = context;
  const { leaseTtlMs } = options.timing;
  const pauseAtMs = atMs + 100 + stream.upTo("pause", 1_500);
  const cut = { do: "disturb-link", agent, forMs: 2 * leaseTtlMs, direction: "both", how: "cut" } as const;
  return [
    work(context, { units, lastsMs: 4_000 }),
    lateAnswers(stream, context, 2_000),
    { atMs: pauseAtMs, do: "pause", agent },
    ...(stream.chance("alone", 0.4) ? [{ atMs: pauseAtMs + 2_000, ...cut }] : []),
    { atMs: pauseAtMs + leaseTtlMs + stream.upTo("resume", 2 * leaseTtlMs), do: "resume", agent },
  ];
}

/** What a pause saved is on its way to the broker for longer than a lease lives. */
function uploadOverALongPause(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { options, agent, atMs } = context;
  const forMs = 3 * options.timing.leaseTtlMs;
  const pauseAtMs = atMs + 1_000 + stream.upTo("pause", 1_500);
  return [
    work(context, { units, lastsMs: 8_000, megabytes: 1_200 + stream.upTo("megabytes", 700) }),
    { atMs: pauseAtMs, do: "pause", agent },
    { atMs: pauseAtMs, do: "disturb-link", agent, forMs, direction: "to-broker", how: "reordering" },
    { atMs: pauseAtMs + forMs, do: "resume", agent },
  ];
}

/** Its jobs take long to be saved and to be ended, and meanwhile owner and operator want something of it. */
function askedWhileItLeaves(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const fromMs = atMs + 1_000 + stream.upTo("from", 2_000);
  const wishes = [
    { do: "pause", agent },
    { do: "resume", agent },
    { do: "command", agent, command: "pause" },
    { do: "command", agent, command: "resume" },
  ] as const;
  const asks = Array.from({ length: 4 }, (): PlanStep => {
    const wish = wishes[stream.upTo("wish", wishes.length - 1)] as (typeof wishes)[number];
    return { atMs: fromMs + 1 + stream.upTo("asked", 1_500), ...wish };
  });
  const leaves: readonly PlanStep[] = [
    { atMs: fromMs, do: "withdraw", agent, deadlineMs: 8_000 },
    { atMs: fromMs, do: "signal", agent, name: "SIGTERM", downMs: 200 + stream.upTo("down", 2_000) },
  ];
  return [
    work(context, { units, lastsMs: 6_000, onTerm: "ignores", megabytes: 100 + stream.upTo("megabytes", 300) }),
    leaves[stream.upTo("leaves", 1)] as PlanStep,
    ...asks,
    { atMs: fromMs + 8_000, do: "resume", agent },
  ];
}
