import { assert } from "../foundation/assert.ts";
import { Coverage } from "../scenarios/simulator/coverage.ts";
import { seededTape } from "../scenarios/simulator/kernel/choices.ts";
import { planFor } from "../scenarios/simulator/plan/profiles.ts";
import { Simulation } from "../scenarios/simulator/simulation.ts";

/** A child of simulated-agent-memory.ts: prints what so many agents at rest take. */
const agents = Number(process.argv[2]);
const restedAfterMs = 120_000;

const plan = { ...planFor({ seed: "bench", profile: "scale", agents, minutes: 5 }), steps: [] };
const atFirst = bytesUsed();
const simulation = new Simulation(plan, { tape: seededTape("bench"), coverage: new Coverage(), onRecord: null });
simulation.begin();
while (simulation.world.happenNext(restedAfterMs));
const simulated = bytesUsed() - atFirst;

const idle = simulation.members.filter(({ body }) => body?.core.agent === "Idle").length;
assert(idle === agents, "every agent has joined and rests");
const cores = bytesUsed();
const copies = simulation.members.map(({ body }) => structuredClone(body?.core));
const coresAlone = bytesUsed() - cores;
assert(copies.length === agents, "the copies are there until they are measured");
console.log(JSON.stringify({ simulated, coresAlone }));

/** Heap and buffers in use after everything unreachable is gone. */
function bytesUsed(): number {
  assert(globalThis.gc !== undefined, "node runs with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
