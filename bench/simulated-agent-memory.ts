import { type Benchmark, median } from "./benchmark.ts";
import { measuredChild } from "./measured-child.ts";

const rounds = 3;
const agents = 20_000;
const mebibyte = 1024 ** 2;
const bytesPerAgentMax = 8 * 1024;

/** In bytes, of all agents. */
interface Measured {
  readonly simulated: number;
  readonly coresAlone: number;
}

/** What an idle agent takes in the simulator: its host, its process, its place in the broker, its timer. */
export const simulatedAgentMemory: Benchmark = {
  name: "simulated-agent-memory",
  async run() {
    const file = new URL("./measure-idle-agents.ts", import.meta.url);
    const runs = Array.from({ length: rounds }, () => measuredChild(file, [String(agents)]) as Measured);
    const simulated = median(runs.map((run) => run.simulated)) / agents;
    const coresAlone = median(runs.map((run) => run.coresAlone)) / agents;
    return [
      {
        subject: "idle agents in the simulator",
        yardstick: "the reducer's states of the same agents alone",
        subjectRate: mebibyte / simulated,
        yardstickRate: mebibyte / coresAlone,
        unit: "agents/MiB",
        target: null,
        rateTarget: mebibyte / bytesPerAgentMax,
        rounds,
        notes: [
          `${Math.round(simulated)} bytes an agent, ${Math.round(coresAlone)} of them its state; ${agents} agents`,
        ],
      },
    ];
  },
};
