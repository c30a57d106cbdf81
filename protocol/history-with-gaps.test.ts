import { expect, test } from "vitest";

import { parseHistoryLine } from "./history.ts";
import { historyWithGaps } from "./history-with-gaps.ts";

/** A history on a disk with so much room, in bytes, and what was said of it. */
function onDisk(roomBytes: number) {
  const disk = { roomBytes, text: "" };
  const said: string[] = [];
  const clock = { nowMs: () => 1, monotonicMs: () => 1 };
  const append = (bytes: Uint8Array): number => {
    const taken = Math.min(bytes.length, disk.roomBytes);
    if (taken === 0) throw new Error("no space left");
    disk.roomBytes -= taken;
    disk.text += new TextDecoder().decode(bytes.subarray(0, taken));
    return taken;
  };
  const history = historyWithGaps({
    ...{ actor: "agent", source: "one", clock, append },
    onGap: (why) => said.push(`gap: ${why}`),
    onGapEnd: (records) => said.push(`end: ${records}`),
  });
  const lines = () => disk.text.trimEnd().split("\n").map(parseHistoryLine);
  return { ...history, disk, said, lines };
}

test("a history that has room has no gap", () => {
  const { record, missing, said, lines } = onDisk(10_000);
  record("agent.acquired", { resource: "file:/a" });
  expect(missing()).toBeNull();
  expect(said).toEqual([]);
  expect(lines()).toMatchObject([{ record: { sequence: 0 } }]);
});

test("what finds no room is dropped, counted and said once; the next that finds some ends the gap, and is followed by its size", () => {
  const { record, missing, said, disk, lines } = onDisk(30);
  const tell = (): void => record("agent.acquired", { resource: "file:/a" });
  for (let time = 0; time < 3; time += 1) tell();
  expect(missing()).toEqual({ records: 3, why: "no space left" });
  expect(said).toEqual(["gap: no space left"]);
  disk.roomBytes = 10_000;
  tell();
  tell();
  expect(said).toEqual(["gap: no space left", "end: 3"]);
  expect(missing()).toMatchObject({ records: 3 });
  const unrecorded = { type: "agent.unrecorded", data: { records: 3, reason: "no space left" } };
  expect(lines()).toMatchObject([
    { error: "the line is not JSON" },
    { record: { sequence: 3 } },
    { record: { sequence: 4, ...unrecorded } },
    { record: { sequence: 5 } },
  ]);
});

test("a word of the gap that finds no room belongs to the gap", () => {
  const { record, missing, said, disk, lines } = onDisk(0);
  const tell = (): void => record("agent.acquired", { resource: "file:/a" });
  tell();
  disk.roomBytes = 120;
  tell();
  expect(missing()).toMatchObject({ records: 2 });
  expect(said).toHaveLength(1);
  disk.roomBytes = 10_000;
  tell();
  expect(said.at(-1)).toBe("end: 2");
  expect(lines().at(-1)).toMatchObject({ record: { type: "agent.unrecorded", data: { records: 2 } } });
});
