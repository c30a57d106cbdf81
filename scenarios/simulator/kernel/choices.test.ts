import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Choice, type ChoiceStream, recordingTape, replayTape, seededTape, type Tape } from "./choices.ts";

/** One draw: of which stream, up to what, or a chance with that ratio. */
const draw = fc.record({
  key: fc.constantFrom("network:0", "network:1", "host:0"),
  max: fc.integer({ min: 0, max: 2 ** 20 }),
  ratio: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
});
type Draw = Readonly<{ key: string; max: number; ratio: number | null }>;
const draws = fc.array(draw, { maxLength: 60 });
const seed = fc.string({ maxLength: 12 });

/** What each stream gives, in the order of its own draws. */
function drawn(tape: Tape, wanted: readonly Draw[]): Record<string, (number | boolean)[]> {
  const streams = new Map<string, ChoiceStream>();
  const results: Record<string, (number | boolean)[]> = {};
  for (const { key, max, ratio } of wanted) {
    const stream = streams.get(key) ?? tape.stream(key);
    streams.set(key, stream);
    (results[key] ??= []).push(ratio === null ? stream.upTo("any", max) : stream.chance("any", ratio));
  }
  return results;
}

describe("a seeded tape", () => {
  test("gives the same draws for the same seed and stream, within bounds", () => {
    fc.assert(
      fc.property(seed, draws, (text, wanted) => {
        const results = drawn(seededTape(text), wanted);
        expect(drawn(seededTape(text), wanted)).toEqual(results);
        const counted: Record<string, number> = {};
        for (const { key, max, ratio } of wanted) {
          const index = (counted[key] = (counted[key] ?? -1) + 1);
          const value = results[key]?.[index];
          if (ratio === null) expect(value === Math.floor(value as number) && value >= 0 && value <= max).toBe(true);
          else expect(typeof value).toBe("boolean");
        }
      }),
    );
  });

  test("gives a stream what it gives it however much the others draw", () => {
    fc.assert(
      fc.property(seed, draws, (text, wanted) => {
        const together = drawn(seededTape(text), wanted);
        for (const key of Object.keys(together)) {
          const alone = drawn(
            seededTape(text),
            wanted.filter((one) => one.key === key),
          );
          expect(alone[key]).toEqual(together[key]);
        }
      }),
    );
  });

  test("gives other seeds and other streams other draws", () => {
    const first = (text: string, key: string): string => {
      const stream = seededTape(text).stream(key);
      return Array.from({ length: 4 }, () => stream.upTo("any", 2 ** 30)).join();
    };
    const seen = new Set<string>();
    for (let number = 0; number < 200; number += 1) {
      seen.add(first(`s-${number}`, "host:0"));
      seen.add(first("s", `host:${number}`));
    }
    expect(seen.size).toBe(400);
  });

  test("reaches both ends of its range, and happens as often as asked", () => {
    const stream = seededTape("ends").stream("any");
    const values = Array.from({ length: 2_000 }, () => stream.upTo("any", 4));
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4]));
    for (const value of [0, 1, 2, 3, 4]) {
      const share = values.filter((one) => one === value).length / values.length;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.25);
    }
    const happened = Array.from({ length: 2_000 }, () => stream.chance("any", 0.3)).filter(Boolean).length;
    expect(happened / 2_000).toBeGreaterThan(0.25);
    expect(happened / 2_000).toBeLessThan(0.35);
    expect(Array.from({ length: 500 }, () => stream.chance("never", 0)).some(Boolean)).toBe(false);
    expect(Array.from({ length: 500 }, () => stream.chance("always", 1)).every(Boolean)).toBe(true);
  });
});

describe("a recorded tape", () => {
  test("draws as the seeded one does, and replays to the same draws", () => {
    fc.assert(
      fc.property(seed, draws, (text, wanted) => {
        const kept: Choice[] = [];
        const recorded = drawn(
          recordingTape(text, (choice) => kept.push(choice)),
          wanted,
        );
        expect(recorded).toEqual(drawn(seededTape(text), wanted));
        expect(drawn(replayTape(kept), wanted)).toEqual(recorded);
        expect(kept.every(({ value }) => value !== 0)).toBe(true);
      }),
    );
  });
});

describe("a replayed tape", () => {
  test("is benign throughout when it is empty", () => {
    fc.assert(
      fc.property(draws, (wanted) => {
        const values = Object.values(drawn(replayTape([]), wanted)).flat();
        expect(values.every((value) => value === 0 || value === false)).toBe(true);
      }),
    );
  });

  test("takes the nearest value within bounds where the run around it has changed", () => {
    const choice = { stream: "host:0", kind: "any", max: 100 };
    const tape = replayTape([
      { ...choice, index: 0, value: 90 },
      { ...choice, index: 2, value: 7 },
      { ...choice, index: 3, value: 1 },
    ]);
    const stream = tape.stream("host:0");
    expect(stream.upTo("any", 10)).toBe(10);
    expect(stream.upTo("any", 10)).toBe(0);
    expect(stream.chance("any", 0.001)).toBe(true);
    expect(stream.upTo("any", 0)).toBe(0);
    expect(tape.stream("host:1").upTo("any", 10)).toBe(0);
  });

  test("does not take a negative choice for a decision", () => {
    const tape = replayTape([{ stream: "host:0", index: 0, kind: "any", max: 1, value: -1 }]);
    expect(() => tape.stream("host:0").upTo("any", 1)).toThrow(/not negative/);
  });
});
