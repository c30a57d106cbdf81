import type { ChoiceStream } from "../kernel/choices.ts";
import { JobBehaviour, type PlanOptions, type PlanStep } from "./plan.ts";

/** The plain life of a cast: jobs come in, owners pause, resume, restart and withdraw. */
export function drawWork(
  stream: ChoiceStream,
  { options, quick }: { options: PlanOptions; quick: boolean },
): PlanStep[] {
  const { safetyMs, agents } = options;
  const steps: PlanStep[] = [];
  const hostile = stream.chance("hostile", 0.5);
  const batches = 1 + stream.upTo("batches", quick ? 2 : 5);
  for (let batch = 0; batch < batches; batch += 1) {
    const atMs = batch === 0 ? stream.upTo("firstAt", 3_000) : stream.upTo("at", safetyMs);
    const jobs = 1 + stream.upTo("jobs", quick ? 3 : 11);
    steps.push({ atMs, do: "submit", jobs, behaviour: drawBehaviour(stream, { quick, hostile }) });
  }
  const visits = stream.upTo("visits", quick ? 3 : 3 * agents);
  for (let visit = 0; visit < visits; visit += 1) steps.push(...drawVisit(stream, options));
  const leavers = quick ? 1 + stream.upTo("leavers", agents - 1) : stream.upTo("leavers", agents);
  for (let leaver = 0; leaver < leavers; leaver += 1) {
    const atMs = Math.floor(safetyMs / 4) + stream.upTo("leavesAt", Math.floor((3 * safetyMs) / 4));
    steps.push({ atMs, do: "withdraw", agent: leaver, deadlineMs: 2_000 + stream.upTo("deadline", 13_000) });
  }
  return steps;
}

/** The owner, or the operator, does something to a host, and mostly takes it back. */
function drawVisit(stream: ChoiceStream, { safetyMs, agents }: PlanOptions): PlanStep[] {
  const atMs = stream.upTo("at", safetyMs);
  const agent = stream.upTo("agent", agents - 1);
  const afterMs = atMs + 2 ** stream.upTo("after", 15);
  switch (stream.upTo("visit", 6)) {
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
        { atMs: afterMs, do: "command", agent, command: "resume" },
      ];
    case 4:
      return [{ atMs, do: "signal", agent, name: "SIGTERM", downMs: 100 + stream.upTo("down", 20_000) }];
    case 5:
      return [{ atMs, do: "command", agent, command: "goodbye" }];
    default:
      return [{ atMs, do: "cancel", job: stream.upTo("job", 40) }];
  }
}

function drawBehaviour(stream: ChoiceStream, { quick, hostile }: { quick: boolean; hostile: boolean }): JobBehaviour {
  const behaviour: JobBehaviour = {
    ...JobBehaviour.parse({}),
    units: 1 + stream.upTo("units", quick ? 9 : 29),
    unitMs: 2 ** (4 + stream.upTo("unitMs", quick ? 6 : 8)),
    children: stream.upTo("children", 2),
    megabytes: stream.upTo("megabytes", 50),
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
      return { ...behaviour, diesAfterUnits: stream.upTo("dies", behaviour.units) };
    case 6:
      return { ...behaviour, spawnFails: true };
    case 7:
      return { ...behaviour, unitMs: 16, units: 1, children: 8 };
    default:
      return behaviour;
  }
}
