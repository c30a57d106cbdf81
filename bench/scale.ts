import type { SimulationOutcome } from "../scenarios/simulator/outcome.ts";
import type { Benchmark } from "./benchmark.ts";
import { heapLoopRate } from "./heap-loop.ts";
import { measuredChild } from "./measured-child.ts";

const agents = 100_000;
const minutes = 60;
const gibibyte = 1024 ** 3;

type Measured = Pick<SimulationOutcome, "steps" | "events" | "jobs" | "failure"> & {
  readonly seconds: number;
  readonly peakBytes: number;
};

/** Whether one process carries 100,000 agents through a virtual hour, and what that takes. */
export const scale: Benchmark = {
  name: "scale",
  byNameOnly: true,
  async run() {
    const file = new URL("./measure-scale.ts", import.meta.url);
    const run = measuredChild(file, [String(agents), String(minutes)]) as Measured;
    const { seconds, peakBytes, steps, events, jobs, failure } = run;
    const end = failure === null ? "without a failure" : `with a failure: ${failure.story[0] ?? failure.invariant}`;
    return [
      {
        subject: `simulator, ${agents} agents for ${minutes} min`,
        yardstick: `bare heap loop, ${agents} pending`,
        subjectRate: events / seconds,
        yardstickRate: heapLoopRate({ pending: agents, events: 1_000_000 }),
        unit: "events/s",
        target: null,
        rounds: 1,
        notes: [
          `${seconds.toFixed(1)} s for ${steps} steps, at most ${(peakBytes / gibibyte).toFixed(2)} GiB resident, ended ${end}`,
          `${jobs.completed} of ${jobs.submitted} jobs completed`,
        ],
      },
    ];
  },
};
