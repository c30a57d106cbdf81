import { jobLimits } from "../../../protocol/exit-reason.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import { JobBehaviour, type PlanOptions, type PlanStep } from "./plan.ts";

/** The plain life of a cast: jobs come in, owners pause, resume, restart and withdraw. */
export function drawWork(
  stream: ChoiceStream,
  { options, quick }: { options: PlanOptions; quick: boolean },
): PlanStep[] {
  const { safetyMs, agents, slots } = options;
  const steps: PlanStep[] = [];
  const hostile = stream.chance("hostile", 0.5);
  const batches = 1 + stream.upTo("batches", quick ? 2 : 5);
  for (let batch = 0; batch < batches; batch += 1) {
    const atMs = batch === 0 ? stream.upTo("firstAt", 3_000) : stream.upTo("at", safetyMs);
    const jobs = 1 + stream.upTo("jobs", quick ? 3 : 11);
    const behaviour = drawBehaviour(stream, { quick, hostile });
    const shareMs = (safetyMs * agents * slots) / batches;
    steps.push({ atMs, do: "submit", jobs: quick ? fewEnough(jobs, { behaviour, shareMs }) : jobs, behaviour });
  }
  const submittedAtMs = steps.map(({ atMs }) => atMs);
  const visits = stream.upTo("visits", quick ? 3 : 3 * agents);
  for (let visit = 0; visit < visits; visit += 1) {
    // Now and then just when jobs are on their way into sandboxes.
    const soon = stream.chance("soon", 0.3) ? submittedAtMs[stream.upTo("batch", submittedAtMs.length - 1)] : undefined;
    const atMs = soon === undefined ? stream.upTo("at", safetyMs) : soon + stream.upTo("after", 400);
    steps.push(...drawVisit(stream, { atMs, agents }));
  }
  const leavers = quick ? 1 + stream.upTo("leavers", agents - 1) : stream.upTo("leavers", agents);
  for (let leaver = 0; leaver < leavers; leaver += 1) {
    const atMs = Math.floor(safetyMs / 4) + stream.upTo("leavesAt", Math.floor((3 * safetyMs) / 4));
    steps.push(...drawDeparture(stream, { atMs, agent: leaver, options }));
  }
  if (stream.chance("stranger", 0.15)) {
    steps.push({ atMs: stream.upTo("comes", safetyMs), do: "stranger", pauses: stream.chance("pauses", 0.3) });
  }
  return steps;
}

/**
 * No more jobs than take about half the time of a short run: what is left over when faults stop is done where nothing
 * fails any more, takes most of the run's steps, and finds little.
 *
 * @param shareMs the time of all slots together that this batch may count on
 */
function fewEnough(jobs: number, { behaviour, shareMs }: { behaviour: JobBehaviour; shareMs: number }): number {
  const { units, unitMs } = behaviour;
  return Math.max(1, Math.min(jobs, Math.floor(shareMs / 2 / (units * unitMs))));
}

/** A withdrawal; now and then asked for twice, urged by signals, or broken by kills on its way (docs/cases.md, case 59). */
function drawDeparture(
  stream: ChoiceStream,
  { atMs, agent, options }: { atMs: number; agent: number; options: PlanOptions },
): PlanStep[] {
  const deadlineMs = 2_000 + stream.upTo("deadline", 13_000);
  const steps: PlanStep[] = [{ atMs, do: "withdraw", agent, deadlineMs }];
  // Most withdrawals take no longer than a moment.
  const soon = (): number => atMs + stream.upTo("soon", stream.chance("at once", 0.5) ? 400 : deadlineMs);
  if (stream.chance("heavy", 0.25)) steps.push(heavyWork(stream, { beforeMs: atMs, options }));
  if (stream.chance("twice", 0.2)) steps.push({ atMs: soon(), do: "withdraw", agent, deadlineMs });
  if (stream.chance("signals", 0.2)) {
    const [first, second, third] = [soon(), soon(), soon()].toSorted((a, b) => a - b) as [number, number, number];
    const signal = { do: "signal", agent, name: "SIGTERM", downMs: 500 } as const;
    steps.push({ atMs: first, ...signal }, { atMs: second, ...signal }, { atMs: third, ...signal });
  }
  if (stream.chance("unheard", 0.12)) steps.push(drawSilence(stream, { atMs, agent, deadlineMs }));
  const kills = stream.chance("kills", 0.3) ? 1 + stream.upTo("howOften", 3) : 0;
  for (let kill = 0; kill < kills; kill += 1) {
    // From the moment it was asked on, so that every step of it is broken in some seed, and its recovery too.
    const killAtMs = kill === 0 && stream.chance("atOnce", 0.5) ? atMs : soon();
    const afterEffects = 1 + stream.upTo("effects", 25);
    const downMs = stream.upTo("down", 1_000);
    steps.push({ atMs: killAtMs, do: "kill-agent", agent, downMs, afterEffects, edge: drawEdge(stream) });
  }
  return steps;
}

export const killEdges = ["after", "before", "torn"] as const;

export function drawEdge(stream: ChoiceStream): (typeof killEdges)[number] {
  return killEdges[stream.upTo("edge", killEdges.length - 1)] as (typeof killEdges)[number];
}

/** The broker does not hear of a withdrawal at once, or not at all. */
function drawSilence(
  stream: ChoiceStream,
  { atMs, agent, deadlineMs }: { atMs: number; agent: number; deadlineMs: number },
): PlanStep {
  const how = (["cut", "reset", "lossy", "slow", "duplicating", "reordering"] as const)[stream.upTo("how", 5)] ?? "cut";
  const direction = (["both", "to-broker", "to-agent"] as const)[stream.upTo("direction", 2)] ?? "both";
  const fromMs = Math.max(0, atMs - stream.upTo("silentBefore", 200));
  return { atMs: fromMs, do: "disturb-link", agent, forMs: 100 + stream.upTo("silentFor", deadlineMs), direction, how };
}

/** Jobs that a withdrawal takes long to save and to end, a moment before it; no more of them than there are slots. */
function heavyWork(
  stream: ChoiceStream,
  { beforeMs, options: { agents, slots } }: { beforeMs: number; options: PlanOptions },
): PlanStep {
  const behaviour: JobBehaviour = {
    ...JobBehaviour.parse({}),
    ...{ units: 20, unitMs: 512, megabytes: 2 ** (4 + stream.upTo("heavyMegabytes", 8)) },
    onTerm: stream.chance("stubborn", 0.5) ? "ignores" : "ends",
  };
  const atMs = Math.max(0, beforeMs - stream.upTo("before", 2_500));
  return { atMs, do: "submit", jobs: Math.min(agents * slots, 1 + stream.upTo("heavyJobs", 3)), behaviour };
}

/** The owner, or the operator, does something to a host, and mostly takes it back. */
function drawVisit(stream: ChoiceStream, { atMs, agents }: { atMs: number; agents: number }): PlanStep[] {
  const agent = stream.upTo("agent", agents - 1);
  const afterMs = atMs + 2 ** stream.upTo("after", 15);
  switch (stream.upTo("visit", 10)) {
    case 0:
    case 1:
    case 2:
      return [
        { atMs, do: "pause", agent },
        { atMs: afterMs, do: "resume", agent },
      ];
    case 3:
      return [
        { atMs, do: "command", agent, command: "pause" },
        stream.chance("owner", 0.5)
          ? { atMs: afterMs, do: "resume", agent }
          : { atMs: afterMs, do: "command", agent, command: "resume" },
      ];
    case 4:
      return [{ atMs, do: "signal", agent, name: "SIGTERM", downMs: 100 + stream.upTo("down", 20_000) }];
    case 5: {
      // Whoever asks at the same moment: one shutdown (docs/cases.md, case 43).
      const goodbye = { atMs, do: "command", agent, command: "goodbye" } as const;
      if (!stream.chance("and signals", 0.5)) return [goodbye];
      const signal = { do: "signal", agent, downMs: 100 + stream.upTo("down", 20_000) } as const;
      return [
        goodbye,
        { atMs: atMs + stream.upTo("soon", 10), ...signal, name: "SIGTERM" },
        { atMs: atMs + stream.upTo("later", 400), ...signal, name: "SIGINT" },
      ];
    }
    case 6: {
      // The second hurries, the third ends it at once; if a job that does not heed TERM makes it wait that long.
      const onTerm = stream.chance("unkillable", 0.5) ? "unkillable" : "ignores";
      const stubborn = { ...JobBehaviour.parse({}), units: 9, unitMs: 1_024, onTerm } as const;
      const signal = { do: "signal", agent, name: "SIGINT", downMs: 100 + stream.upTo("down", 20_000) } as const;
      const secondMs = atMs + 501 + stream.upTo("second", 1_000);
      return [
        { atMs: Math.max(0, atMs - 2_000), do: "submit", jobs: agents, behaviour: stubborn },
        { atMs, ...signal },
        { atMs: secondMs, ...signal },
        { atMs: secondMs + 501 + stream.upTo("third", 1_000), ...signal },
      ];
    }
    case 7:
      // Both pause it, and only the owner may let it go on.
      return [
        { atMs, do: "pause", agent },
        { atMs: atMs + stream.upTo("joins", 2_000), do: "command", agent, command: "pause" },
        { atMs: afterMs, do: "command", agent, command: "resume" },
        { atMs: afterMs + stream.upTo("owner", 5_000), do: "resume", agent },
      ];
    case 8: {
      // Restarted while it is paused: it comes back paused (docs/cases.md, case 34).
      const signal = { do: "signal", agent, name: "SIGTERM", downMs: 100 + stream.upTo("down", 3_000) } as const;
      return [
        { atMs, do: "pause", agent },
        { atMs: atMs + stream.upTo("signal", 3_000), ...signal },
        { atMs: atMs + 3_000 + stream.upTo("resume", 10_000), do: "resume", agent },
      ];
    }
    case 9: {
      // Somebody wants something of it while it comes up.
      const downMs = 100 + stream.upTo("down", 3_000);
      const signal = { do: "signal", agent, name: "SIGTERM", downMs } as const;
      const thenMs = atMs + downMs + stream.upTo("then", 1_500);
      const wish = stream.upTo("wish", 2);
      if (wish === 0)
        return [
          { atMs, ...signal },
          { atMs: thenMs, ...signal },
        ];
      return [
        { atMs, ...signal },
        { atMs: thenMs, do: "pause", agent },
        { atMs: thenMs + stream.upTo("resume", 5_000), do: "resume", agent },
      ];
    }
    default:
      return [{ atMs, do: "cancel", job: stream.upTo("job", 40) }];
  }
}

/** Up to a second a unit in quick plans, or four, which no lease of theirs lives for without a renewal. */
function drawLong(stream: ChoiceStream, quick: boolean): number {
  if (quick) return stream.chance("outlives", 0.2) ? 8 : 6;
  return stream.chance("long", 0.3) ? 11 : 8;
}

function drawBehaviour(stream: ChoiceStream, { quick, hostile }: { quick: boolean; hostile: boolean }): JobBehaviour {
  const behaviour: JobBehaviour = {
    ...JobBehaviour.parse({}),
    units: 1 + stream.upTo("units", quick ? 9 : 29),
    // Some outlive many a lease.
    unitMs: 2 ** (4 + stream.upTo("unitMs", drawLong(stream, quick))),
    children: stream.upTo("children", 2),
    // Up to what takes longer to archive than anybody waits.
    megabytes: stream.chance("large", 0.1) ? 2 ** (10 + stream.upTo("megabytes", 4)) : stream.upTo("megabytes", 50),
  };
  if (!hostile) return behaviour;
  switch (stream.upTo("kind", 7)) {
    case 1:
      return { ...behaviour, exitCode: 1 + stream.upTo("exitCode", 3) };
    case 2:
      return { ...behaviour, onTerm: "ignores" };
    case 3:
      return { ...behaviour, onTerm: "unkillable" };
    case 4:
      return { ...behaviour, daemon: true };
    case 5:
      return {
        ...behaviour,
        diesAfterUnits: stream.upTo("dies", behaviour.units),
        exceeds: [null, ...jobLimits][stream.upTo("exceeds", jobLimits.length)] ?? null,
      };
    case 6:
      return { ...behaviour, spawnFails: true };
    case 7:
      return { ...behaviour, unitMs: 16, units: 1, children: 8 };
    default:
      return behaviour;
  }
}
