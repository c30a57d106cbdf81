import { describe, expect, onTestFinished, test } from "vitest";

import { ChildServer } from "./child-server.ts";
import { PreparedAgent } from "./heartbeat-requests.ts";
import type { ServerKind } from "./heartbeat-server.ts";
import type { MeasuredHeartbeats } from "./heartbeat-sizes.ts";
import { heartbeatResults } from "./heartbeats.ts";
import { KeepAliveLoad } from "./keep-alive-load.ts";
import { openStreams } from "./open-streams.ts";

const agents = 8;

async function served(kind: ServerKind): Promise<{ server: ChildServer; load: KeepAliveLoad }> {
  const server = await ChildServer.start(kind);
  onTestFinished(async () => await server.stop());
  const load = await KeepAliveLoad.open(server.url, agents);
  onTestFinished(() => load.close());
  return { server, load };
}

/** How often each status was answered. */
async function statuses(load: KeepAliveLoad, requests: readonly Buffer[]): Promise<Record<string, number>> {
  const { byStatus } = await load.send(requests, { inFlight: 4 });
  return Object.fromEntries(byStatus);
}

describe("the benchmark of heartbeats", () => {
  test("sends what the broker takes as signed, once, and opens streams", async () => {
    const { server, load } = await served("memory");
    const fleet = Array.from({ length: agents }, () => new PreparedAgent());
    const beats = [...fleet, ...fleet].map((agent) => agent.heartbeat("Idle"));
    expect(await statuses(load, beats)).toEqual({ 401: 2 * agents });
    const enrolments = fleet.map((agent) => agent.enrolment(server.joinToken));
    expect(await statuses(load, enrolments)).toEqual({ 200: agents });
    const fresh = [...fleet, ...fleet].map((agent) => agent.heartbeat("Idle"));
    expect(await statuses(load, fresh)).toEqual({ 200: 2 * agents });
    const { problem, byStatus } = await load.send(fresh, { inFlight: 4 });
    expect([Object.fromEntries(byStatus), JSON.parse(problem).code]).toEqual([{ 401: 2 * agents }, "replayed"]);
    const before = await server.used();
    const close = await openStreams(
      server.url,
      fleet.map((agent) => agent.events()),
    );
    close();
    expect((await server.used()).cpuUs).toBeGreaterThan(before.cpuUs);
  });

  test("has a yardstick that does the same and looks at no signature", async () => {
    const { server, load } = await served("unsigned");
    const fleet = Array.from({ length: agents }, () => new PreparedAgent());
    expect(
      await statuses(
        load,
        fleet.map((agent) => agent.heartbeat("Idle")),
      ),
    ).toEqual({ 401: agents });
    expect(
      await statuses(
        load,
        fleet.map((agent) => agent.enrolment(server.joinToken)),
      ),
    ).toEqual({ 200: agents });
    const beats = fleet.map((agent) => agent.heartbeat("Idle"));
    expect([await statuses(load, beats), await statuses(load, beats)]).toEqual([{ 200: agents }, { 200: agents }]);
    const malformed = beats.map((beat) => Buffer.from(beat.toString("latin1").replace('"Idle"', '"Idly"'), "latin1"));
    expect(await statuses(load, malformed)).toEqual({ 400: agents });
  });

  test("has a step for the schemas and one for the reducer, and an echo below them", async () => {
    const fleet = Array.from({ length: agents }, () => new PreparedAgent());
    const beats = fleet.map((agent) => agent.heartbeat("Idle"));
    for (const kind of ["echo", "schema", "reducer"] as const) {
      const { load } = await served(kind);
      expect(await statuses(load, beats), kind).toEqual({ 200: agents });
    }
  });

  const pace = (rate: number, cpuUs: number) => ({ rate, cpuUs, mainUs: cpuUs });
  const measured: MeasuredHeartbeats = {
    paces: {
      echo: pace(100, 10),
      schema: pace(90, 12),
      reducer: pace(80, 15),
      unsigned: pace(70, 20),
      memory: pace(40, 50),
      sqlite: pace(35, 51),
      "memory written": pace(30, 60),
      "sqlite written": pace(20, 80),
    },
    generatorBusy: 0.5,
    connectedBytes: { resident: 2_048, heap: 1_024, residentInAll: 2 ** 20 },
    crowd: { enrolSeconds: 2, beatSeconds: 1, errors: 0, residentBytes: 2 ** 20 },
  };
  const sizes = { agents: 1, beats: 2, rounds: 3, streams: 4, crowd: 5 };

  test("says where the time of a heartbeat goes, and needs no Redis", () => {
    const results = heartbeatResults(measured, sizes);
    expect(results.map(({ yardstickRate, target }) => [yardstickRate, target])).toEqual([
      [100, null],
      [70, 0.5],
    ]);
    const [layers] = results[1]!.notes;
    const steps =
      "HTTP and JSON 10, schemas 2, reducer and its body 3, the broker's own server 5, signature 30, sqlite 1";
    expect(layers).toContain(`51 in all and 51 on the main thread (20 without signatures): ${steps};`);
  });

  test("fails when one of many agents is not heard", () => {
    const crowd = { ...measured.crowd, errors: 1 };
    expect(() => heartbeatResults({ ...measured, crowd }, sizes)).toThrow("1 of 10 requests of the crowd were refused");
  });
});
