import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { type Situation, work } from "./situation.ts";

const answers = ["inTime", "late", "never", "deaf"] as const;
const units = 24;

/** Some of the jobs say that they cooperate with their checkpoints, and then do, or not. */
export function withCooperation(stream: ChoiceStream, steps: readonly PlanStep[]): PlanStep[] {
  return steps.map((step): PlanStep => {
    if (step.do !== "submit" || !stream.chance("cooperates", 0.3)) return step;
    const cooperates = answers[stream.upTo("answer", answers.length - 1)] ?? "inTime";
    const cooperationWaitMs = 2 ** (4 + stream.upTo("waitMs", 7));
    return { ...step, behaviour: { ...step.behaviour, cooperates, cooperationWaitMs } };
  });
}

/**
 * Somebody wants something of a host just while its jobs are asked to put their files in order: before a periodic
 * checkpoint, or because it is told to leave. Steps that are added to a short plan.
 */
export function drawCooperation(stream: ChoiceStream, options: PlanOptions): PlanStep[] {
  const { checkpointIntervalMs } = options.timing;
  const agent = stream.upTo("agent", options.agents - 1);
  const context: Situation = { options, agent, atMs: options.joinWithinMs + stream.upTo("at", 2_000) };
  // Whoever never answers leaves the longest time for something to come.
  const answer = answers[stream.upTo("answer", answers.length - 1)] ?? "inTime";
  const cooperates = stream.chance("silent", 0.5) ? "never" : answer;
  // From the start of the jobs on, and for as long as they may be waited for.
  const periodicMs = context.atMs + checkpointIntervalMs + stream.upTo("asked", checkpointIntervalMs / 4 + 300);
  const leavesMs = context.atMs + 1_000 + stream.upTo("leaves", 2_000);
  const soonMs = leavesMs + 1 + stream.upTo("soon", 900);
  // A hint, a heartbeat, its answer, an acceptance and its answer come before a job is prepared.
  const wayMs = Math.ceil((options.latencyMsMin + options.latencyMsMax) / 2);
  const newcomerMs = Math.max(0, leavesMs - 5 * wayMs - stream.upTo("newcomer", 30 + wayMs));
  const signal = { do: "signal", agent, name: "SIGTERM", downMs: 200 + stream.upTo("down", 2_000) } as const;
  const resume = { do: "resume", agent, atMs: periodicMs + 1_000 + stream.upTo("resume", 3_000) } as const;
  const wishes: readonly (readonly PlanStep[])[] = [
    [{ atMs: periodicMs, do: "pause", agent }, resume],
    [{ atMs: periodicMs, do: "command", agent, command: "pause" }, resume],
    [{ atMs: periodicMs, ...signal }],
    [{ atMs: periodicMs, do: "withdraw", agent, deadlineMs: 8_000 }],
    [{ atMs: periodicMs, do: "cancel", job: 0 }],
    [
      { atMs: leavesMs, ...signal },
      { atMs: leavesMs + 501 + stream.upTo("again", 700), ...signal },
    ],
    [{ atMs: leavesMs, ...signal }, { atMs: soonMs, do: "pause", agent }, resume],
    [
      { atMs: leavesMs, ...signal },
      { atMs: soonMs, do: "withdraw", agent, deadlineMs: 8_000 },
    ],
  ];
  const cooperationWaitMs = 256 + stream.upTo("waitMs", 9_000);
  const held = { units, lastsMs: 12_000, cooperates, cooperationWaitMs };
  if (stream.chance("newcomers", 0.3)) {
    // Others are on their way into a sandbox just then.
    return [
      work(context, { ...held, jobs: options.agents }),
      { ...work(context, { units, lastsMs: 3_000 }), atMs: Math.max(context.atMs, newcomerMs) },
      { atMs: leavesMs, ...signal },
    ];
  }
  return [work(context, held), ...(wishes[stream.upTo("wish", wishes.length - 1)] as readonly PlanStep[])];
}
