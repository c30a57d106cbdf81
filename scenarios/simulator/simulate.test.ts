import { describe, expect, test } from "vitest";

import { assert } from "../../foundation/assert.ts";
import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { PropertyWatch } from "../checkers/properties.ts";
import { seededTape, type Tape } from "./kernel/choices.ts";
import { planFor } from "./plan/profiles.ts";
import { simulate } from "./simulate.ts";
import { runPlan, smallPlan, submit } from "./testing/small-plan.ts";

/** A property that says that this never happens, though it does. */
function never(type: HistoryType): PropertyWatch<"never"> {
  return {
    see(record) {
      if (record.type !== type) return null;
      return { checker: "never", violation: { summary: `${type} happened`, events: [record] } };
    },
    end: () => [],
  };
}

describe("a run that goes well", () => {
  test("says what it came to", () => {
    const { outcome, records } = runPlan(smallPlan([submit(0, {}, 3)]));
    expect(outcome).toMatchObject({ failure: null, jobs: { submitted: 3, completed: 3, failed: 0, cancelled: 0 } });
    expect([outcome.records, outcome.virtualMs >= 60_000]).toEqual([records.length, true]);
    expect(outcome.agentHours).toBeCloseTo(outcome.virtualMs / 3_600_000);
    expect(outcome.events).toBeGreaterThan(outcome.steps);
  });

  test("counts jobs by their ends", () => {
    const cancel = { atMs: 2_000, do: "cancel", job: 1 } as const;
    const { outcome } = runPlan(smallPlan([submit(0, { exitCode: 1, units: 1 }), submit(1_000), cancel]));
    expect(outcome).toMatchObject({ failure: null, jobs: { submitted: 2, completed: 0, failed: 1, cancelled: 1 } });
  });

  test("does the work that was handed in at the last moment, after faults have stopped", () => {
    const cut = { atMs: 0, do: "disturb-link", agent: 0, forMs: 1e9, direction: "both", how: "cut" } as const;
    const { outcome, records } = runPlan(smallPlan([cut, submit(0)], { safetyMs: 30_000 }));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const mended = records.find(({ type }) => type === "fault.undone");
    expect((mended?.at as number) - (records[0]?.at as number)).toBe(30_000);
  });
});

test("who ends after faults have stopped comes back soon, however long a kill that never came was to keep it away", () => {
  const kill = { atMs: 0, do: "kill-agent", agent: 0, downMs: 1e9, afterEffects: 1_000, edge: "after" } as const;
  const goodbye = { atMs: 29_999, do: "command", agent: 0, command: "goodbye" } as const;
  const { outcome, records } = runPlan(smallPlan([kill, goodbye], { safetyMs: 30_000 }));
  const [ended, again] = records.filter(({ type, at }) => {
    return (type === "witness.exit" || type === "agent.started") && at > (records[0]?.at ?? 0);
  });
  expect([ended?.data, again?.type]).toMatchObject([{ how: "shutdown" }, "agent.started"]);
  expect((again?.at ?? Infinity) - (ended?.at ?? 0)).toBeLessThanOrEqual(10_000);
  expect(outcome.failure).toBeNull();
});

describe("a run that breaks a property", () => {
  test("fails at once, with a story that begins with what is wrong", () => {
    const drawn = planFor({ seed: "s-0", profile: "quick" });
    // One clock for all, so that what was recorded after the failure can be told by its time.
    const plan = { ...drawn, options: { ...drawn.options, clockSkewMs: 0 } };
    const whole = simulate(plan);
    expect(whole.failure).toBeNull();
    const records: HistoryRecord[] = [];
    const { failure, records: count } = simulate(plan, {
      properties: never("broker.leased"),
      observe: (record) => records.push(record),
    });
    expect(failure).toMatchObject({ invariant: "never", kind: "safety" });
    expect(failure?.story[0]).toContain("broker.leased happened");
    const first = records.findIndex(({ type }) => type === "broker.leased");
    // The event in which it happens is carried out to its end, and no other is.
    const after = records.slice(first).map(({ at }) => at);
    expect(count).toBeLessThan(whole.records);
    expect(Math.max(...after) - Math.min(...after)).toBeLessThan(1);
  });

  test("does not fail where nobody watches", () => {
    const unwatched = { checkers: false, properties: never("broker.leased") };
    expect(simulate(planFor({ seed: "s-0", profile: "quick" }), unwatched).failure).toBeNull();
  });
});

describe("a run in which something throws", () => {
  /** Decides as the seed says, until the host decides once more than so often. */
  function tapeThatThrows(after: number, happens: () => void): Tape {
    const tape = seededTape("throws");
    let drawn = 0;
    return {
      stream(key) {
        const stream = tape.stream(key);
        if (key !== "host:0") return stream;
        const upTo: typeof stream.upTo = (...words) => {
          drawn += 1;
          if (drawn > after) happens();
          return stream.upTo(...words);
        };
        return { upTo, chance: (kind, ratio) => stream.chance(kind, ratio) };
      },
    };
  }

  test.each<[string, () => void, string]>([
    ["assertion", () => assert(false, "it holds"), "assertion: "],
    ["error", () => void (undefined as unknown as { name: string }).name, "error: Cannot read properties of undefined"],
  ])("is a crash by an %s, told with the events before it and where it was", (invariant, happens, begins) => {
    const { failure, records, digest } = simulate(smallPlan([submit(0)]), { tape: tapeThatThrows(5, happens) });
    expect(failure).toMatchObject({ invariant, kind: "crash" });
    const story = failure?.story ?? [];
    expect(story[0]).toContain(begins);
    expect(story.filter((line) => /^\+\d+ ms agent /.test(line)).length).toBeGreaterThan(0);
    expect(story.slice(-3).join("\n")).toMatch(/^at .*simulate\.test\.ts/ms);
    expect([records > 0, digest?.length]).toEqual([true, 16]);
  });

  test("is a crash when its plan holds so much for one moment that time stands still", () => {
    const many = Array.from({ length: 20_201 }, () => ({ atMs: 5, do: "cancel", job: 0 }) as const);
    const { failure } = simulate(smallPlan(many));
    expect(failure).toMatchObject({ invariant: "assertion", kind: "crash", atMs: 5 });
    expect(failure?.story[0]).toContain("time goes on");
    expect(simulate(smallPlan(many.slice(0, 20_000))).failure).toBeNull();
  });
});

describe("a run that does not come to its end in time", () => {
  const tooShort = { livenessMs: 0, safetyMs: 5_000 };

  test("names the job that has no end yet (L2)", () => {
    const { failure } = simulate(smallPlan([submit(4_999, { units: 1, unitMs: 1 }, 7)], tooShort));
    expect(failure).toMatchObject({ invariant: "L2", kind: "liveness" });
    expect(failure?.story[0]).toMatch(/^faults stopped 0 s ago/);
    expect(failure?.story[1]).toMatch(/^job-\S+ is (queued|offered), epoch/);
    expect(failure?.story.at(-1)).toBe("… and 2 more");
  });

  test("names the withdrawal that is not over (L1)", () => {
    const withdraw = { atMs: 4_999, do: "withdraw", agent: 0, deadlineMs: 10_000 } as const;
    const { failure } = simulate(smallPlan([withdraw], tooShort));
    expect(failure).toMatchObject({ invariant: "L1", kind: "liveness", atMs: 5_000 });
    expect(failure?.story[1]).toMatch(/^agent 0 is withdrawing, at /);
  });

  test("is given three times as long as the work that is left takes", () => {
    const job = submit(0, { units: 10, unitMs: 60_000 });
    expect(simulate(smallPlan([job], tooShort)).failure).toBeNull();
  });
});
