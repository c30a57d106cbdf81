import { describe, expect, test } from "vitest";

import { EventHub } from "../../../broker-sim/io/event-hub.ts";
import type { BrokerEvent } from "../../../protocol/messages.ts";
import { SmallWorld, smallOptions, wayMs } from "../testing/small-world.ts";
import { AgentStream, type Connection } from "./agent-stream.ts";
import { type Disturbance, Link } from "./link.ts";

const silenceMs = 2 * smallOptions.timing.eventHeartbeatMs;
const pause = (reason: string): BrokerEvent => ({ event: "pause", data: { reason } });

/** An agent's stream to a hub which answers at once; `up` says whether there is a broker. */
function scene({ draws = [], waits = [] }: { draws?: number[]; waits?: number[] } = {}) {
  const small = new SmallWorld({ draws: { "link:0": draws, "host:0": waits } });
  const { world } = small;
  const link = new Link(world, world.tape.stream("link:0"));
  const hub = new EventHub("b1");
  const heard: [number, string][] = [];
  const connects: [number, string | null][] = [];
  const closed: number[] = [];
  const broker = { up: true, answers: true };
  const opened: Connection[] = [];
  const owner = {
    alive: true,
    connectEvents(connection: Connection): void {
      connects.push([world.nowMs, connection.lastEventId]);
      opened.push(connection);
      if (broker.up) hub.connect("agent", connection, connection.lastEventId);
      if (!broker.answers) return;
      stream.answered(
        connection,
        broker.up ? { ok: true, value: {} } : { ok: false, code: "unreachable", retriable: true, message: "" },
      );
    },
    tookEvent(event: BrokerEvent): void {
      const { data } = event;
      heard.push([world.nowMs, "reason" in data ? data.reason : event.event]);
    },
    streamClosed(connection: Connection): void {
      closed.push(world.nowMs);
      hub.disconnected("agent", connection);
    },
  };
  const stream: AgentStream = new AgentStream(world, owner, { link, choices: world.tape.stream("host:0") });
  const disturbFor = (untilMs: number, how: Disturbance["how"]): void =>
    small.at(untilMs, link.disturb({ how, direction: "to-agent" }));
  return { ...{ small, world, link, hub, heard, connects, closed, opened, broker, owner, stream, disturbFor } };
}

describe("a stream of events", () => {
  test("is not open by a late answer to a connection that has broken", () => {
    const { small, broker, opened, stream } = scene();
    broker.answers = false;
    stream.open();
    opened[0]?.close();
    small.passUntil(30_000);
    expect(opened.length).toBe(2);
    const [broken, current] = opened as [Connection, Connection];
    stream.answered(broken, { ok: true, value: {} });
    expect(stream.isOpen).toBe(false);
    stream.answered(current, { ok: true, value: {} });
    expect(stream.isOpen).toBe(true);
  });

  test("brings them in the order in which they were sent, however long each is on its way", () => {
    const { small, hub, heard, stream, disturbFor } = scene({ draws: [500, 0, 100] });
    stream.open();
    stream.open();
    disturbFor(5_000, "reordering");
    for (const reason of ["one", "two", "three"]) hub.push("agent", pause(reason));
    small.passUntil(5_000);
    expect(heard).toEqual([
      [500 + wayMs, "one"],
      [500 + wayMs, "two"],
      [500 + wayMs, "three"],
    ]);
  });

  test("brings nothing after one that was lost, is given up for its silence, and has all of it replayed", () => {
    const { small, hub, heard, connects, closed, stream, disturbFor } = scene({ draws: [0, 1, 0] });
    stream.open();
    disturbFor(1_000, "lossy");
    for (const reason of ["one", "two", "three"]) hub.push("agent", pause(reason));
    small.at(2_000, () => hub.push("agent", pause("four")));
    small.passUntil(silenceMs - 1);
    expect(heard).toEqual([[wayMs, "one"]]);
    expect([connects, closed]).toEqual([[[0, null]], []]);
    small.passUntil(60_000);
    const againMs = silenceMs + 125;
    expect(closed).toEqual([silenceMs]);
    expect(connects).toEqual([
      [0, null],
      [againMs, "b1-1"],
    ]);
    expect(heard.slice(1)).toEqual(["two", "three", "four"].map((reason) => [againMs + wayMs, reason]));
  });

  test("that is reset is known to be gone at once", () => {
    const { small, hub, heard, closed, stream, disturbFor } = scene();
    stream.open();
    hub.push("agent", pause("one"));
    small.passUntil(100);
    disturbFor(200, "reset");
    hub.push("agent", pause("two"));
    small.passUntil(5_000);
    expect(closed).toEqual([100 + wayMs]);
    expect(heard.slice(1)).toEqual([[100 + wayMs + 125 + wayMs, "two"]]);
  });

  test("does not have hints replayed, and does not forget the last event over one", () => {
    const { small, hub, heard, connects, stream, disturbFor } = scene();
    stream.open();
    hub.push("agent", pause("one"));
    small.at(100, () => hub.push("agent", { event: "work_available", data: { queued: 1 } }));
    small.at(200, () => disturbFor(300, "reset"));
    small.at(210, () => hub.push("agent", { event: "work_available", data: { queued: 2 } }));
    small.passUntil(5_000);
    expect(heard.map(([, what]) => what)).toEqual(["one", "work_available"]);
    expect(connects.map(([, lastEventId]) => lastEventId)).toEqual([null, "b1-1"]);
  });

  test("waits twice as long before each attempt, half of it drawn, up to a minute, and anew after a success", () => {
    const { small, broker, connects, link, hub, stream } = scene({ waits: [0, 250] });
    broker.up = false;
    stream.open();
    small.passUntil(200_000);
    const gaps = connects.slice(1).map(([atMs], index) => atMs - (connects[index]?.[0] as number));
    expect(gaps).toEqual([125, 500, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
    broker.up = true;
    small.passUntil(250_000);
    const before = connects.length;
    link.disturb({ how: "reset", direction: "to-agent" })();
    const mend = link.disturb({ how: "reset", direction: "to-agent" });
    hub.push("agent", pause("one"));
    mend();
    small.passUntil(251_000);
    expect(connects.slice(before).map(([atMs]) => atMs)).toEqual([250_000 + wayMs + 125]);
  });

  test("that waits connects at once when the broker was heard, and then not once more", () => {
    const { small, broker, connects, stream } = scene();
    broker.up = false;
    stream.open();
    small.at(100, () => {
      broker.up = true;
      stream.nudge();
      stream.nudge();
    });
    small.passUntil(5_000);
    expect(connects.map(([atMs]) => atMs)).toEqual([0, 100]);
  });

  test("that the broker closes is gone after a way, or after the silence when even that is lost", () => {
    const { small, hub, closed, connects, stream, disturbFor } = scene();
    stream.open();
    hub.forget("agent");
    small.passUntil(1_000);
    expect(closed).toEqual([wayMs]);
    disturbFor(2_000, "cut");
    hub.forget("agent");
    small.passUntil(60_000);
    expect(closed).toEqual([wayMs, 1_000 + silenceMs]);
    expect(connects).toHaveLength(3);
  });

  test("heeds no answer to a connection that it has given up", () => {
    const { small, owner, stream } = scene();
    const asked: Connection[] = [];
    owner.connectEvents = (connection) => void asked.push(connection);
    stream.open();
    asked[0]?.close();
    small.passUntil(2_000);
    const [first, second] = asked as [Connection, Connection];
    stream.answered(first, { ok: true, value: {} });
    expect(stream.isOpen).toBe(false);
    stream.answered(second, { ok: true, value: {} });
    expect(stream.isOpen).toBe(true);
  });

  test("is open while what is sent arrives: not before the answer, not once an event was lost or the broker closed it", () => {
    const { small, hub, stream, disturbFor } = scene();
    expect(stream.isOpen).toBe(false);
    stream.open();
    expect(stream.isOpen).toBe(true);
    hub.forget("agent");
    expect(stream.isOpen).toBe(false);
    small.passUntil(1_000);
    expect(stream.isOpen).toBe(true);
    disturbFor(2_000, "cut");
    hub.push("agent", pause("one"));
    small.passUntil(3_000);
    expect(stream.isOpen).toBe(false);
    small.passUntil(60_000);
    expect(stream.isOpen).toBe(true);
    stream.shut();
    expect(stream.isOpen).toBe(false);
  });

  test("that was shut is over for good, and the broker knows", () => {
    const { small, hub, heard, connects, closed, stream } = scene();
    stream.open();
    hub.push("agent", pause("on its way"));
    stream.shut();
    hub.push("agent", pause("too late"));
    stream.open();
    stream.nudge();
    small.passUntil(60_000);
    expect([heard, connects.length, closed]).toEqual([[], 1, [0]]);
  });

  test("of a process that died brings nothing", () => {
    const { small, hub, heard, owner, stream } = scene();
    stream.open();
    hub.push("agent", pause("one"));
    owner.alive = false;
    small.passUntil(60_000);
    expect(heard).toEqual([]);
  });
});
