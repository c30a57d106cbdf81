import type { Benchmark, BenchmarkResult } from "./benchmark.ts";
import { type HeartbeatSizes, type MeasuredHeartbeats, type Pace, inFlight } from "./heartbeat-sizes.ts";
import { measuredChild } from "./measured-child.ts";

const kibibyte = 1024;
const mebibyte = 1024 ** 2;
/** Of the same broker that looks at no signature and keeps its records in memory. */
const target = 0.5;

const sizes: HeartbeatSizes = { agents: 1_000, beats: 4, rounds: 9, streams: 2_000, crowd: 10_000 };

/**
 * Heartbeats of 1,000 agents, each signed and sent over a connection of its own, to the whole broker in a process of its
 * own: against an echo on the same HTTP server, and against the same broker without signatures on the memory store.
 */
export const heartbeats: Benchmark = {
  name: "heartbeats",
  async run() {
    const file = new URL("./measure-heartbeats.ts", import.meta.url);
    return heartbeatResults(measuredChild(file, [JSON.stringify(sizes)]) as MeasuredHeartbeats, sizes);
  },
};

/**
 * The table of what was measured.
 *
 * @throws Error when one of the crowd was not heard
 */
export function heartbeatResults(
  measured: MeasuredHeartbeats,
  { rounds, ...counts }: HeartbeatSizes,
): BenchmarkResult[] {
  const { paces, crowd } = measured;
  if (crowd.errors > 0) throw new Error(`${crowd.errors} of ${2 * counts.crowd} requests of the crowd were refused`);
  const pace = (name: string): Pace => {
    const known = paces[name];
    if (known === undefined) throw new Error(`the server "${name}" was not measured`);
    return known;
  };
  const stores = ["sqlite", "redis"].filter((name) => paces[name] !== undefined);
  return stores.flatMap((store, index) => {
    const subject = { subject: `signed heartbeats, ${counts.agents} agents, ${store}`, subjectRate: pace(store).rate };
    const [echo, unsigned] = [pace("echo").rate, pace("unsigned").rate];
    const common = { ...subject, unit: "heartbeats/s", rounds };
    return [
      { ...common, yardstick: "bare fastify echo", yardstickRate: echo, target: null, notes: [] },
      {
        ...common,
        yardstick: "without signatures, memory",
        yardstickRate: unsigned,
        target,
        notes: [...layersOf(pace, store), ...(index === 0 ? aboutAll(measured, counts) : [])],
      },
    ];
  });
}

/** Where the processor time of one heartbeat goes. */
function layersOf(pace: (name: string) => Pace, store: string): string[] {
  const steps = [
    ["HTTP and JSON", "echo"],
    ["schemas", "schema"],
    ["reducer and its body", "reducer"],
    ["the broker's own server", "unsigned"],
    ["signature", "memory"],
    [store, store],
  ] as const;
  const shares = steps.map(([label, name], index) => {
    const before = steps[index - 1];
    return `${label} ${(pace(name).cpuUs - (before === undefined ? 0 : pace(before[1]).cpuUs)).toFixed(0)}`;
  });
  const written = pace(`${store} written`);
  const inMemory = pace("memory written");
  return [
    `µs of processor for one, ${pace(store).cpuUs.toFixed(0)} in all and ${pace(store).mainUs.toFixed(0)} on the main thread (${pace("unsigned").mainUs.toFixed(0)} without signatures): ${shares.join(", ")}; it writes nothing while an agent's state stays`,
    `where each changes a record: ${Math.round(written.rate)}/s, ${Math.round(inMemory.rate)}/s in memory; ${store} then takes ${(written.cpuUs - inMemory.cpuUs).toFixed(0)} µs`,
  ];
}

function aboutAll(
  { generatorBusy, connectedBytes, crowd }: MeasuredHeartbeats,
  counts: Omit<HeartbeatSizes, "rounds">,
): string[] {
  const [resident, heap] = [connectedBytes.resident / kibibyte, connectedBytes.heap / kibibyte];
  return [
    `${inFlight} under way at once; the generator, which signs ahead, used ${(100 * generatorBusy).toFixed(0)} % of a processor at most`,
    `an agent with an event stream takes ${heap.toFixed(1)} KiB of heap, and the process grew by ${resident.toFixed(1)} KiB for each of ${counts.streams}, to ${Math.round(connectedBytes.residentInAll / mebibyte)} MiB resident`,
    `${counts.crowd} agents on one broker: enrolled in ${crowd.enrolSeconds.toFixed(1)} s, heard in ${crowd.beatSeconds.toFixed(1)} s, ${crowd.errors} errors, ${Math.round(crowd.residentBytes / mebibyte)} MiB resident`,
  ];
}
