import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { type Situation, work } from "./situation.ts";

/** So many units of work make a job. */
const units = 10;

const situations = [
  "hurried withdrawal",
  "leaving amid a pause",
  "a later instance leaves",
  "a forgotten instance",
  "a result in the way",
  "a shutdown without its broker",
] as const;

/**
 * How an agent leaves, or is replaced, with everything in the way of it: what the plain departures of a plan come to
 * too seldom. What breaks something is left out where nothing may break.
 */
export function drawLeaving(stream: ChoiceStream, options: PlanOptions): PlanStep[] {
  const agent = stream.upTo("agent", options.agents - 1);
  const atMs = options.joinWithinMs + stream.upTo("at", Math.floor(options.safetyMs / 4));
  const context = { options, agent, atMs };
  switch (situations[stream.upTo("situation", situations.length - 1)] as (typeof situations)[number]) {
    case "hurried withdrawal":
      return hurriedWithdrawal(stream, context);
    case "leaving amid a pause":
      return leavingAmidAPause(stream, context);
    case "a later instance leaves":
      return laterInstanceLeaves(stream, context);
    case "a forgotten instance":
      return forgottenInstance(stream, context);
    case "a result in the way":
      return resultInTheWay(stream, context);
    case "a shutdown without its broker":
      return shutdownWithoutItsBroker(stream, context);
  }
}

/** Asked for again with less time, urged by signals, or both, while its jobs or its broker make it wait (docs/cases.md, case 58). */
function hurriedWithdrawal(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const onTerm = (["ends", "ignores", "unkillable"] as const)[stream.upTo("onTerm", 2)] ?? "ends";
  const askedAtMs = atMs + 1_000 + stream.upTo("asked", 2_000);
  const deadlineMs = 4_000 + stream.upTo("deadline", 10_000);
  const steps: PlanStep[] = [
    work(context, { lastsMs: 8_000, units, onTerm, megabytes: 1 + stream.upTo("megabytes", 400) }),
    { atMs: askedAtMs, do: "withdraw", agent, deadlineMs },
  ];
  if (stream.chance("unheard", 0.6)) {
    steps.push({ atMs: askedAtMs, do: "disturb-link", agent, forMs: deadlineMs, direction: "both", how: "cut" });
  }
  if (stream.chance("again", 0.5)) {
    const sooner = { do: "withdraw", agent, deadlineMs: 500 + stream.upTo("sooner", 3_000) } as const;
    steps.push({ atMs: askedAtMs + stream.upTo("againAt", 1_500), ...sooner });
  }
  if (stream.chance("sent away", 0.3)) {
    steps.push({ atMs: askedAtMs + stream.upTo("sentAwayAt", 500), do: "command", agent, command: "goodbye" });
  }
  if (stream.chance("urged", 0.6)) {
    const signal = { do: "signal", agent, name: "SIGTERM", downMs: 500 } as const;
    const firstMs = askedAtMs + stream.upTo("first", 800);
    const secondMs = firstMs + 400 + stream.upTo("second", 1_000);
    steps.push({ atMs: firstMs, ...signal }, { atMs: secondMs, ...signal });
    if (stream.chance("third", 0.4)) steps.push({ atMs: secondMs + 501 + stream.upTo("third", 800), ...signal });
  }
  return steps;
}

/** Whoever waits for a pause that is still being saved hears that it is called off (docs/cases.md, case 58). */
function leavingAmidAPause(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const pausedAtMs = atMs + 1_000 + stream.upTo("paused", 2_000);
  const leavesAtMs = pausedAtMs + stream.upTo("leaves", 600);
  return [
    work(context, { lastsMs: 8_000, units, megabytes: 50 + stream.upTo("megabytes", 400) }),
    { atMs: pausedAtMs, do: "pause", agent },
    stream.chance("for good", 0.5)
      ? { atMs: leavesAtMs, do: "withdraw", agent, deadlineMs: 8_000 }
      : { atMs: leavesAtMs, do: "signal", agent, name: "SIGTERM", downMs: stream.upTo("down", 2_000) },
  ];
}

/** Its leases are an earlier instance's, and the broker may not even know of it (docs/cases.md, cases 49 and 59). */
function laterInstanceLeaves(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const killedAtMs = atMs + 1_500 + stream.upTo("killed", 2_500);
  const downMs = stream.upTo("down", 600);
  const upAtMs = killedAtMs + downMs;
  const forgetful = stream.chance("forgets", 0.6);
  const forgetsAtMs = upAtMs + 100 + stream.upTo("forgets", 600);
  const forgets: PlanStep = { atMs: forgetsAtMs, do: "lose-store", downMs: 0, writes: drawWrites(stream) };
  return [
    work(context, { lastsMs: 6_000, units }),
    { atMs: killedAtMs, do: "kill-agent", agent, downMs, afterEffects: 0, edge: "after" },
    ...(forgetful ? [forgets] : []),
    {
      atMs: (forgetful ? forgetsAtMs : upAtMs) + stream.upTo("leaves", 400),
      do: "withdraw",
      agent,
      deadlineMs: 4_000 + stream.upTo("deadline", 6_000),
    },
  ];
}

/** So many commits that the latest instance is among them, and the one before it is not. */
function drawWrites(stream: ChoiceStream): number {
  return 2 + stream.upTo("writes", 12);
}

/** The store forgets that it came, so that the broker counts on the instance before it (docs/adr/0005). */
function forgottenInstance(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const killedAtMs = atMs + 500 + stream.upTo("killed", 2_500);
  const downMs = stream.upTo("down", 300);
  const times = 1 + stream.upTo("times", 2);
  const forgets = Array.from({ length: times }, (_, time): PlanStep => {
    const forgetsAtMs = killedAtMs + downMs + 300 + 3_000 * time + stream.upTo("forgets", 900);
    return {
      atMs: forgetsAtMs,
      do: "lose-store",
      downMs: stream.upTo("storeDown", 100),
      writes: drawWrites(stream),
    };
  });
  return [
    work(context, { lastsMs: 6_000, units }),
    { atMs: killedAtMs, do: "kill-agent", agent, downMs, afterEffects: 0, edge: "after" },
    ...forgets,
  ];
}

/** A job is done while nobody can be told, or its holder does not live to tell; then the holder leaves (I3). */
function resultInTheWay(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const lastsMs = 600 + stream.upTo("lasts", 2_000);
  const cutAtMs = atMs + Math.floor(lastsMs / 2);
  const forMs = lastsMs + stream.upTo("for", 2_500);
  const how = (["cut", "reset"] as const)[stream.upTo("how", 1)] ?? "cut";
  const leavesAtMs = cutAtMs + forMs - 500 + stream.upTo("leaves", 700);
  const killed: PlanStep = {
    ...{ atMs: cutAtMs + stream.upTo("killedAt", forMs), do: "kill-agent", agent, downMs: 100 },
    ...{ afterEffects: 0, edge: "after" },
  };
  return [
    work(context, { lastsMs, units, megabytes: 1 + stream.upTo("megabytes", 100) }),
    { atMs: cutAtMs, do: "disturb-link", agent, forMs, direction: "both", how },
    ...(stream.chance("killed", 0.4) ? [killed] : []),
    { atMs: leavesAtMs, do: "withdraw", agent, deadlineMs: 5_000 + stream.upTo("deadline", 6_000) },
  ];
}

/** Signalled while nobody answers: when it runs, or when it has not been taken in yet (docs/cases.md, case 45). */
function shutdownWithoutItsBroker(stream: ChoiceStream, context: Situation): PlanStep[] {
  const { agent, atMs } = context;
  const signal = { do: "signal", agent, name: "SIGTERM", downMs: 200 + stream.upTo("down", 2_000) } as const;
  const awayAtMs = atMs + 1_000 + stream.upTo("away", 2_000);
  const firstMs = awayAtMs + stream.upTo("first", 1_500);
  const again = { atMs: firstMs + 501 + stream.upTo("again", 1_500), ...signal };
  const replaced: PlanStep = {
    ...{ atMs: awayAtMs + 10, do: "kill-agent", agent, downMs: stream.upTo("replaced", 300) },
    ...{ afterEffects: 0, edge: "after" },
  };
  return [
    work(context, { lastsMs: 8_000, units, onTerm: stream.chance("ignores", 0.5) ? "ignores" : "ends" }),
    { atMs: awayAtMs, do: "disturb-link", agent, forMs: 8_000, direction: "both", how: "cut" },
    ...(stream.chance("replaced", 0.4) ? [replaced] : []),
    { atMs: firstMs, ...signal },
    ...(stream.chance("again", 0.5) ? [again] : []),
  ];
}
