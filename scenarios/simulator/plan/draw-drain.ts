import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { SpawnBehaviour } from "./spawn-behaviour.ts";
import { work } from "./situation.ts";

/**
 * The operator takes the broker out of service and starts it anew a while later: now and then while agents still join,
 * long enough for some to come back, with jobs that came in just before or come in meanwhile; says it twice; has an agent
 * started all the same.
 */
export function drawDrain(stream: ChoiceStream, options: PlanOptions): PlanStep[] {
  const { safetyMs, joinWithinMs } = options;
  const atMs = stream.chance("early", 0.4) ? stream.upTo("early", joinWithinMs) : stream.upTo("at", safetyMs - 1);
  const forMs = stream.upTo("for", stream.chance("long", 0.7) ? 15_000 : 2_000);
  const downMs = stream.upTo("down", 1_000);
  const steps: PlanStep[] = [{ atMs, do: "drain", forMs, downMs }];
  if (stream.chance("works", 0.8)) {
    const submittedAtMs = Math.max(0, atMs - 500 + stream.upTo("submitted", 2_000));
    const jobs = 1 + stream.upTo("jobs", 3);
    const lastsMs = 100 + stream.upTo("lasts", 4_000);
    steps.push(work({ options, agent: 0, atMs: submittedAtMs }, { units: 1 + stream.upTo("units", 9), jobs, lastsMs }));
  }
  if (stream.chance("unheard", 0.4)) steps.push(...drawUnheard(stream, options, atMs));
  if (stream.chance("again", 0.3)) {
    steps.push({ atMs: atMs + stream.upTo("repeated", forMs), do: "drain", forMs, downMs });
  }
  if (stream.chance("spawns", 0.3)) {
    steps.push({ atMs: atMs + stream.upTo("spawned", forMs), do: "spawn", behaviour: SpawnBehaviour.parse({}) });
  }
  return steps;
}

/** What was offered just before is not heard: no answer gets through to one of the agents. */
function drawUnheard(stream: ChoiceStream, options: PlanOptions, drainedAtMs: number): PlanStep[] {
  const { heartbeatIntervalMs } = options.timing;
  const agent = stream.upTo("agent", options.agents - 1);
  const submittedAtMs = Math.max(0, drainedAtMs - heartbeatIntervalMs - stream.upTo("before", heartbeatIntervalMs));
  const atMs = Math.max(0, submittedAtMs - 100);
  const how = stream.chance("cut", 0.3) ? "cut" : "reset";
  const forMs = drainedAtMs - atMs + 2 * heartbeatIntervalMs;
  return [
    { atMs, do: "disturb-link", agent, forMs, direction: "to-agent", how },
    work({ options, agent, atMs: submittedAtMs }, { units: 5, lastsMs: 2_000 }),
  ];
}
