import type { ChoiceStream } from "../kernel/choices.ts";
import { drawEdge } from "./draw-work.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { type Situation, work } from "./situation.ts";

/** So many units of work make a job. */
const units = 20;

const situations = [
  "isolated holder",
  "cancelled at work",
  "hurried shutdown",
  "uploads that do not get through",
  "checkpoint in many chunks",
  "withdrawal without its broker",
  "replaced instance",
  "owner and operator",
] as const;

/**
 * A situation that takes several things in their order, which chance alone brings together too seldom: steps that are
 * added to a short plan. What breaks something is left out where nothing may break.
 */
export function drawSituation(stream: ChoiceStream, options: PlanOptions): PlanStep[] {
  const agent = stream.upTo("agent", options.agents - 1);
  const atMs = options.joinWithinMs + stream.upTo("at", Math.floor(options.safetyMs / 3));
  const context = { options, agent, atMs };
  switch (situations[stream.upTo("situation", situations.length - 1)] as (typeof situations)[number]) {
    case "isolated holder":
      return isolatedHolder(stream, context);
    case "cancelled at work":
      return cancelledAtWork(stream, context);
    case "hurried shutdown":
      return hurriedShutdown(stream, context);
    case "uploads that do not get through":
      return uploadsThatDoNotGetThrough(stream, context);
    case "checkpoint in many chunks":
      return checkpointInManyChunks(stream, context);
    case "withdrawal without its broker":
      return withdrawalWithoutItsBroker(stream, context);
    case "replaced instance":
      return replacedInstance(stream, context);
    case "owner and operator":
      return ownerAndOperator(stream, context);
  }
}

/** Its holder is cut off for longer than the lease lives, and its job would go on for longer still (docs/cases.md, case 3). */
function isolatedHolder(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { options, agent, atMs } = context;
  const { leaseTtlMs } = options.timing;
  const forMs = leaseTtlMs + stream.upTo("longer", leaseTtlMs);
  const direction = (["both", "to-broker", "to-agent"] as const)[stream.upTo("direction", 2)] ?? "both";
  const cutAtMs = atMs + 1_000 + stream.upTo("cutAt", 4_000);
  return [
    work(context, { units, lastsMs: 2 * leaseTtlMs + stream.upTo("lasts", leaseTtlMs) }),
    { atMs: cutAtMs, do: "disturb-link", agent, forMs, direction, how: "cut" },
  ];
}

function cancelledAtWork(stream: ChoiceStream, context: Situation): PlanStep[] {
  const cancels = Array.from({ length: 1 + stream.upTo("cancels", 3) }, (_, job): PlanStep => {
    return { atMs: context.atMs + 500 + stream.upTo("after", 4_000), do: "cancel", job };
  });
  return [
    work(context, { units, lastsMs: 8_000, onTerm: stream.chance("ignores", 0.3) ? "ignores" : "ends" }),
    ...cancels,
    // One that is cancelled already, or done.
    { atMs: context.atMs + 5_000, do: "cancel", job: 0 },
  ];
}

/** A signal, and others while its jobs are still being ended (docs/cases.md, case 44). */
function hurriedShutdown(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const downMs = 200 + stream.upTo("down", 4_000);
  const signal = { do: "signal", agent, name: "SIGTERM", downMs } as const;
  const firstMs = atMs + 1_000 + stream.upTo("first", 2_000);
  const secondMs = firstMs + 501 + stream.upTo("second", 1_500);
  const third: PlanStep[] = stream.chance("third", 0.4)
    ? [{ atMs: secondMs + 501 + stream.upTo("third", 1_000), ...signal }]
    : [];
  const onTerm = (["ends", "ignores", "unkillable"] as const)[stream.upTo("onTerm", 2)] ?? "ends";
  const megabytes = stream.chance("heavy", 0.5) ? 400 : 1;
  return [
    work(context, { units, lastsMs: 10_000, onTerm, megabytes }),
    { atMs: firstMs, ...signal },
    { atMs: secondMs, ...signal },
    ...third,
  ];
}

/** A pause whose checkpoints cannot be brought to the broker for a while, nor its acknowledgement. */
function uploadsThatDoNotGetThrough(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const pauseAtMs = atMs + 1_000 + stream.upTo("pause", 3_000);
  const forMs = 2_000 + stream.upTo("for", 8_000);
  const how = (["cut", "reset", "slow"] as const)[stream.upTo("how", 2)] ?? "cut";
  const steps: PlanStep[] = [
    work(context, { units, lastsMs: 12_000, megabytes: 1 + stream.upTo("megabytes", 200) }),
    { atMs: pauseAtMs - stream.upTo("before", 500), do: "disturb-link", agent, forMs, direction: "both", how },
    { atMs: pauseAtMs, do: "pause", agent },
    { atMs: pauseAtMs + forMs + stream.upTo("after", 6_000), do: "resume", agent },
  ];
  // While they lie there and wait, the disk fails them.
  if (stream.chance("rots", 0.3)) {
    steps.push({ atMs: pauseAtMs + stream.upTo("rotsAt", forMs), do: "rot-checkpoints", agent });
  }
  return steps;
}

/** A checkpoint of several chunks over a bad line; between two of them the broker may be killed, or the disk fail. */
function checkpointInManyChunks(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const pauseAtMs = atMs + 1_000 + stream.upTo("pause", 2_000);
  const megabytes = 800 + stream.upTo("megabytes", 1_100);
  // As long as the snapshot may take, and the upload after it.
  const forMs = 4 * megabytes + stream.upTo("for", 6_000);
  const how = stream.chance("lossy", 0.4) ? "lossy" : "duplicating";
  const steps: PlanStep[] = [
    work(context, { units, lastsMs: 15_000, megabytes }),
    { atMs: pauseAtMs, do: "disturb-link", agent, forMs, direction: "both", how },
    { atMs: pauseAtMs, do: "pause", agent },
    { atMs: pauseAtMs + forMs + stream.upTo("after", 4_000), do: "resume", agent },
  ];
  for (const kill of ["first", "second", "third"]) {
    if (!stream.chance(kill, 0.6)) continue;
    const killAtMs = pauseAtMs + stream.upTo(`${kill}At`, forMs);
    const downMs = 50 + stream.upTo(`${kill}Down`, 1_000);
    steps.push({ atMs: killAtMs, do: "kill-broker", downMs, afterEffects: 0, edge: "after" });
  }
  // Often enough that one comes between two chunks of what was whole when it was read.
  if (stream.chance("rots", 0.6)) {
    for (let number = 0; number < 12; number += 1) {
      steps.push({ atMs: pauseAtMs + stream.upTo("rotsAt", forMs), do: "rot-checkpoints", agent });
    }
  }
  return steps;
}

/** The broker is away, or does not answer, from a moment around the request on (docs/cases.md, case 60). */
function withdrawalWithoutItsBroker(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const askedAtMs = atMs + 1_000 + stream.upTo("asked", 3_000);
  const brokenAtMs = Math.max(0, askedAtMs - 300 + stream.upTo("broken", 1_500));
  const forMs = 500 + 2 ** stream.upTo("for", 14);
  const breaks: readonly PlanStep[] = [
    {
      atMs: brokenAtMs,
      do: "kill-broker",
      downMs: forMs,
      afterEffects: stream.upTo("effects", 8),
      edge: drawEdge(stream),
    },
    { atMs: brokenAtMs, do: "stall-broker", forMs },
    { atMs: brokenAtMs, do: "stall-store", forMs },
    { atMs: brokenAtMs, do: "disturb-link", agent, forMs, direction: "both", how: "reset" },
    { atMs: brokenAtMs, do: "disturb-link", agent, forMs, direction: "to-agent", how: "cut" },
  ];
  const steps: PlanStep[] = [
    work(context, {
      units,
      lastsMs: 6_000 + stream.upTo("lasts", 8_000),
      megabytes: 1 + stream.upTo("megabytes", 100),
    }),
    breaks[stream.upTo("break", breaks.length - 1)] as PlanStep,
    { atMs: askedAtMs, do: "withdraw", agent, deadlineMs: 1_500 + stream.upTo("deadline", 12_000) },
  ];
  if (!stream.chance("killed", 0.4)) return steps;
  const killed = {
    afterEffects: 1 + stream.upTo("until", 25),
    edge: drawEdge(stream),
    downMs: stream.upTo("down", 800),
  };
  return [...steps, { atMs: askedAtMs, do: "kill-agent", agent, ...killed }];
}

/** What an instance has said is still on its way when the next one is up (docs/cases.md, case 13). */
function replacedInstance(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const slowAtMs = atMs + stream.upTo("slowAt", 2_000);
  const killAtMs = slowAtMs + 200 + stream.upTo("killAt", 2_000);
  const leaves: PlanStep[] = stream.chance("leaves", 0.4)
    ? [{ atMs: killAtMs + 300 + stream.upTo("leaves", 2_000), do: "withdraw", agent, deadlineMs: 8_000 }]
    : [];
  return [
    work(context, { units, lastsMs: 5_000 }),
    { atMs: slowAtMs, do: "disturb-link", agent, forMs: 4_000, direction: "to-broker", how: "slow" },
    { atMs: killAtMs, do: "kill-agent", agent, downMs: stream.upTo("down", 400), afterEffects: 0, edge: "after" },
    ...leaves,
  ];
}

/** Both pause, in either order, and each lets go once (DESIGN: the same state with different reasons). */
function ownerAndOperator(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const soon = (): number => stream.upTo("soon", 1_500);
  const firstMs = atMs + 500 + soon();
  const asks = [
    { do: "command", agent, command: "pause" },
    { do: "pause", agent },
    { do: "command", agent, command: "resume" },
    { do: "resume", agent },
  ] as const;
  return [
    work(context, { units, lastsMs: 6_000 }),
    ...asks.map((ask, index): PlanStep => ({ atMs: firstMs + 1_500 * index + soon(), ...ask })),
  ];
}
