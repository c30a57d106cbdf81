import { describe, expect, it } from "vitest";

import { LineLedger } from "./line-ledger.ts";

const file = "/etc/hosts";
const [old, one, two] = ["old", "one", "two"].map((text) => `${file}: ${text}`) as [string, string, string];

function ledger(): LineLedger {
  const made = new LineLedger();
  made.begin(file, [old]);
  return made;
}
/** Process 3 is the only one that began after the first readings. */
const reading = (lines: readonly string[] | null, by: readonly number[], isLate = false) => ({
  ...{ lines, isLate, atNs: 100, atMs: 5 },
  writers: by.map((each) => ({ by: each, beganNs: each === 3 ? 200 : each })),
});
const writersOf = (made: LineLedger) => Object.fromEntries([...made.writers()].map(([line, { by }]) => [line, by]));

describe("who wrote which line", () => {
  it("is whoever wrote between the readings that do not agree on it", () => {
    const made = ledger();
    made.read(file, reading([old, one], [1]));
    made.read(file, reading([one, two], [2]));
    expect(writersOf(made)).toEqual({ [one]: [1], [two]: [2], [old]: [2] });
  });

  it("may be any of those who wrote between two readings", () => {
    const made = ledger();
    made.read(file, reading([old, one, two], [1, 2]));
    expect(writersOf(made)).toEqual({ [one]: [1, 2], [two]: [1, 2] });
  });

  it("may be somebody who is told of only when the line had been read", () => {
    const [silent, late] = [ledger(), ledger()];
    for (const made of [silent, late]) made.read(file, reading([old, one, two], [1]));
    // What was written is told, and nothing has changed since: it had been seen before.
    silent.read(file, reading([old, one, two], [2]));
    expect(writersOf(silent)).toEqual({ [one]: [1, 2], [two]: [1, 2] });
    late.read(file, reading([old, one], [2], true));
    expect(writersOf(late)).toEqual({ [one]: [1, 2], [two]: [2] });
  });

  it("is whoever put it in, when somebody writes the file anew in place, which is empty meanwhile", () => {
    const made = ledger();
    made.read(file, reading([old, one], [1]));
    made.read(file, reading([], [2]));
    made.read(file, reading([old, one, two], [2]));
    expect(writersOf(made)).toEqual({ [one]: [1], [two]: [2] });
  });

  it("is also whoever put it in again after somebody else had taken it out", () => {
    const made = ledger();
    made.read(file, reading([old, one], [1]));
    made.read(file, reading([], [2]));
    made.read(file, reading([old, one], [4]));
    expect(writersOf(made)).toEqual({ [one]: [4, 1], [old]: [4] });
  });

  it("is not somebody who began later, and only had the file open", () => {
    const made = ledger();
    made.read(file, reading([old, one], [1]));
    made.read(file, reading([old, one], [3], true));
    expect(writersOf(made)).toEqual({ [one]: [1] });
  });

  it("is kept of as many lines as there is room for, and the others are counted", () => {
    const made = new LineLedger({ linesMax: 2 });
    made.begin(file, []);
    made.read(file, reading([one, two, old], [1]));
    expect([writersOf(made), made.dropped]).toEqual([{ [one]: [1], [two]: [1] }, 1]);
    made.read(file, reading([two, old], [2]));
    expect([writersOf(made), made.dropped]).toEqual([{ [one]: [2], [two]: [1] }, 1]);
  });

  it("is nobody known where a file could not be read, or is none of those", () => {
    const made = ledger();
    made.read(file, reading([one], [1]));
    made.read(file, reading(null, [2]));
    made.read(file, reading([two], [2]));
    made.read("/etc/passwd", reading(["/etc/passwd: x"], [2]));
    expect(writersOf(made)).toEqual({});
  });
});
