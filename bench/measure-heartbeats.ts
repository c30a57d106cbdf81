import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { assert } from "../foundation/assert.ts";
import { type Random, seededRandom } from "../foundation/random.ts";
import { ChildServer, startRedis } from "./child-server.ts";
import { PreparedAgent } from "./heartbeat-requests.ts";
import type { ServerKind } from "./heartbeat-server.ts";
import { KeepAliveLoad } from "./keep-alive-load.ts";
import { median } from "./benchmark.ts";
import { type HeartbeatSizes, type MeasuredHeartbeats, type Pace, inFlight } from "./heartbeat-sizes.ts";
import { openStreams } from "./open-streams.ts";

/** A child of heartbeats.ts: prints what it measured. */
const sizes = JSON.parse(process.argv[2] ?? "") as HeartbeatSizes;
const directory = mkdtempSync(join(tmpdir(), "houseguest-bench-"));
const redis = await startRedis(directory);
try {
  console.log(JSON.stringify(await measure()));
} finally {
  await redis?.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function measure(): Promise<MeasuredHeartbeats> {
  const { agents, beats, rounds, streams, crowd } = sizes;
  const fleet = Array.from({ length: agents }, () => new PreparedAgent());
  const servers = await startServers();
  const samples = new Map<string, Pace[]>();
  // The same for every run; none has a place or a neighbour that suits it.
  const random = seededRandom("heartbeats");
  let generatorBusy = 0;
  try {
    for (const server of servers) if (server.joinToken !== "") await enrol(server, fleet);
    // The first round warms up and is not counted.
    for (let round = -1; round < rounds; round += 1) {
      for (const written of [false, true]) {
        // Signed once, and sent to all of them: each remembers the nonces that it has seen by itself.
        const requests = beatsOf(fleet, { beats, written });
        for (const server of shuffled(servers, random.stream(`${round} ${written}`))) {
          if (written && !isStored(server.kind)) continue;
          const sample = await paceOf(server, requests);
          if (round < 0) continue;
          const name = written ? `${server.kind} written` : server.kind;
          samples.set(name, [...(samples.get(name) ?? []), sample]);
          generatorBusy = Math.max(generatorBusy, sample.busy);
        }
      }
    }
  } finally {
    await Promise.all(servers.map(async (server) => await server.stop()));
  }
  const paces = Object.fromEntries(
    Array.from(samples, ([name, all]): [string, Pace] => [
      name,
      {
        rate: median(all.map(({ rate }) => rate)),
        cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
        mainUs: median(all.map(({ mainUs }) => mainUs)),
      },
    ]),
  );
  return { paces, generatorBusy, connectedBytes: await connected(streams), crowd: await crowded(crowd) };
}

async function startServers(): Promise<ChildServer[]> {
  const kinds: ServerKind[] = ["echo", "schema", "reducer", "unsigned", "memory", "sqlite"];
  if (redis !== undefined) kinds.push("redis");
  return await Promise.all(kinds.map(async (kind) => await startServer(kind, kind)));
}

async function startServer(kind: ServerKind, name: string): Promise<ChildServer> {
  return await ChildServer.start(kind, { directory: join(directory, name), redis: redis?.url ?? "" });
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const placed = items.map((item) => ({ item, place: random.integer({ min: 0, max: 2 ** 31 }) }));
  return placed.toSorted((a, b) => a.place - b.place).map(({ item }) => item);
}

function isStored(kind: ServerKind): boolean {
  return kind === "memory" || kind === "sqlite" || kind === "redis";
}

/** Where they are to be written, each tells of another state than the one before; else all tell of the same. */
function beatsOf(fleet: readonly PreparedAgent[], { beats, written }: { beats: number; written: boolean }): Buffer[] {
  assert(beats % 2 === 0, "the last beat of a round tells of the state in which the next begins");
  return Array.from({ length: beats }, (_, beat) => {
    const state = written && beat % 2 === 0 ? "Working" : "Idle";
    return fleet.map((agent) => agent.heartbeat(state));
  }).flat();
}

async function enrol(server: ChildServer, fleet: readonly PreparedAgent[]): Promise<number> {
  const requests = fleet.map((agent) => agent.enrolment(server.joinToken));
  return (await send(server, requests)).seconds;
}

async function paceOf(server: ChildServer, requests: readonly Buffer[]): Promise<Pace & { readonly busy: number }> {
  const load = await KeepAliveLoad.open(server.url, Math.min(sizes.agents, requests.length));
  try {
    const [before, mine] = [await server.used(), process.cpuUsage()];
    const { seconds, byStatus, problem } = await load.send(requests, { inFlight });
    const { user, system } = process.cpuUsage(mine);
    const after = await server.used();
    assert(byStatus.get(200) === requests.length, `all are answered with 200: ${[...byStatus].join(" ")} ${problem}`);
    return {
      rate: requests.length / seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / requests.length,
      mainUs: (after.mainUs - before.mainUs) / requests.length,
      busy: (user + system) / 1e6 / seconds,
    };
  } finally {
    load.close();
  }
}

async function send(server: ChildServer, requests: readonly Buffer[]): Promise<{ seconds: number; errors: number }> {
  const load = await KeepAliveLoad.open(server.url, Math.min(1_000, requests.length));
  try {
    const { seconds, byStatus } = await load.send(requests, { inFlight });
    return { seconds, errors: requests.length - (byStatus.get(200) ?? 0) };
  } finally {
    load.close();
  }
}

/** What one more connected agent takes of the broker's memory. */
async function connected(streams: number): Promise<MeasuredHeartbeats["connectedBytes"]> {
  const server = await startServer("sqlite", "connected");
  try {
    const fleet = Array.from({ length: streams }, () => new PreparedAgent());
    await enrol(server, fleet);
    const before = await server.used();
    const close = await openStreams(
      server.url,
      fleet.map((agent) => agent.events()),
    );
    const after = await server.used();
    close();
    return {
      resident: (after.residentBytes - before.residentBytes) / streams,
      heap: (after.heapBytes - before.heapBytes) / streams,
      residentInAll: after.residentBytes,
    };
  } finally {
    await server.stop();
  }
}

/** Many agents on one broker: all enrol, then all are heard. */
async function crowded(crowd: number): Promise<MeasuredHeartbeats["crowd"]> {
  const server = await startServer("sqlite", "crowd");
  try {
    const fleet = Array.from({ length: crowd }, () => new PreparedAgent());
    const enrolled = await send(
      server,
      fleet.map((agent) => agent.enrolment(server.joinToken)),
    );
    const beaten = await send(
      server,
      fleet.map((agent) => agent.heartbeat("Idle")),
    );
    const { residentBytes } = await server.used();
    return {
      enrolSeconds: enrolled.seconds,
      beatSeconds: beaten.seconds,
      errors: enrolled.errors + beaten.errors,
      residentBytes,
    };
  } finally {
    await server.stop();
  }
}
