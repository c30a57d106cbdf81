import { describe, expect, test } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import type { ExecutionView } from "../../../protocol/executions.ts";
import type { EventStream } from "../event-hub.ts";
import { ExecutionEvents } from "./execution-events.ts";

const view = { executionId: "exec-a-1", state: "running" } as ExecutionView;
const snapshot = () => [view];

/** A subscriber that notes what it gets; one that is dead takes nothing. */
class Subscriber implements EventStream {
  readonly got: string[] = [];
  isDead = false;
  isClosed = false;

  send({ id = "", event }: { id?: string; event: string }): boolean {
    if (this.isDead) return false;
    this.got.push(`${id} ${event}`);
    return true;
  }

  close(): void {
    this.isClosed = true;
  }
}

function published(events: ExecutionEvents, count: number): void {
  for (let one = 0; one < count; one += 1) events.publish({ event: "agent.running", data: view });
}

describe("the events of executions", () => {
  test("go to whoever has subscribed, after the whole as it was (case 70)", () => {
    const events = new ExecutionEvents("boot");
    published(events, 2);
    const late = new Subscriber();
    events.subscribe(late, { lastEventId: null, snapshot });
    published(events, 1);
    expect(late.got).toEqual(["boot-2 snapshot", "boot-3 agent.running"]);
    events.unsubscribe(late);
    published(events, 1);
    expect(late.got).toHaveLength(2);
  });

  test("that were missed come again, without the whole", () => {
    const events = new ExecutionEvents("boot");
    published(events, 4);
    const back = new Subscriber();
    events.subscribe(back, { lastEventId: "boot-2", snapshot });
    expect(back.got).toEqual(["boot-3 agent.running", "boot-4 agent.running"]);
    const upToDate = new Subscriber();
    events.subscribe(upToDate, { lastEventId: "boot-4", snapshot });
    expect(upToDate.got).toEqual([]);
  });

  test.each(["other-2", "boot-99999", "boot-x", "", "boot-1"])(
    "leave no gap for whoever saw %j last",
    (lastEventId) => {
      const events = new ExecutionEvents("boot");
      published(events, limits.eventReplayMax + 3);
      const back = new Subscriber();
      events.subscribe(back, { lastEventId, snapshot });
      expect(back.got).toEqual([`boot-${limits.eventReplayMax + 3} snapshot`]);
    },
  );

  test("go to nobody who is dead, and all streams are closed at the end", () => {
    const events = new ExecutionEvents("boot");
    const [dead, living] = [new Subscriber(), new Subscriber()];
    for (const one of [dead, living]) events.subscribe(one, { lastEventId: null, snapshot });
    dead.isDead = true;
    published(events, 1);
    dead.isDead = false;
    published(events, 1);
    expect([dead.got.length, living.got.length]).toEqual([1, 3]);
    events.closeAll();
    expect([dead.isClosed, living.isClosed]).toEqual([false, true]);
  });
});
