import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type HistoryRecord, parseHistoryLine } from "./history.ts";

const record: HistoryRecord = {
  at: 1_700_000_000_000.25,
  actor: "agent",
  source: "6c1f2f3e-0b7a-4a53-8f3b-0d1e5f6a7b8c",
  sequence: 3,
  type: "agent.state",
  data: { from: "Idle", to: "Working", event: "workStarted", reason: "a sandbox runs" },
};
const line = JSON.stringify(record);

describe("a line of the history", () => {
  test("is read back as it was written", () => {
    expect(parseHistoryLine(line)).toEqual({ record });
  });

  test.each([
    ["cut off in the middle, as a killed writer leaves it", line.slice(0, -20), /not JSON/],
    ["empty", "", /not JSON/],
    ["no object", "7", /object/],
    ["of an unknown type", line.replace("agent.state", "agent.mood"), /type/],
    ["of an actor that does not exist", line.replace('"agent",', '"owner",'), /actor/],
    ["without its number", line.replace('"sequence":3,', ""), /sequence/],
    ["with a number below zero", line.replace('"sequence":3', '"sequence":-1'), /sequence/],
    ["with a field that nobody knows", line.replace('"sequence"', '"mood":1,"sequence"'), /mood/],
    ["with a state that is none", line.replace('"to":"Working"', '"to":"Dancing"'), /agent\.state.*to/s],
    ["without what its type demands", line.replace('"event":"workStarted",', ""), /agent\.state.*event/s],
  ])("%s: the error says what is wrong", (_what, wrong, says) => {
    const parsed = parseHistoryLine(wrong);
    expect(parsed).not.toHaveProperty("record");
    expect(parsed).toMatchObject({ error: expect.stringMatching(says) });
  });

  property.prop([fc.oneof(fc.string(), fc.json())])("whatever stands in it, reading it never throws", (text) => {
    const parsed = parseHistoryLine(text);
    expect("record" in parsed || parsed.error.length > 0).toBe(true);
  });
});
