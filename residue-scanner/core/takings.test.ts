import { expect, it } from "vitest";

import { Takings } from "./takings.ts";
import { touchBit } from "./touch-chains.ts";
import { TouchTable, type TouchedName } from "./touch-table.ts";

const { created, deleted } = touchBit;
const [asker, service] = [4, 20];

it("a file that somebody made and another one took away is told of both, and of nobody's own", () => {
  const retained: number[] = [];
  const retain = (serial: number) => void retained.push(serial);
  const table = new TouchTable({ touchesMax: 100, retain, release: () => undefined }, new Takings(retain));
  const named = (name: string): TouchedName => {
    const bytes = Buffer.from(name);
    return { directory: table.directory("d"), bytes, start: 0, end: bytes.length };
  };
  for (const [name, taker] of [
    ["order", service],
    ["own", asker],
  ] as const) {
    table.add(named(name), { kinds: created, by: asker, atMs: 1_000 });
    table.add(named(name), { kinds: deleted, by: taker, atMs: 1_050 });
  }
  table.add(named("moved"), { kinds: created, by: asker, atMs: 1_300 });
  table.rename(named("moved"), named("done"), { kinds: 0, by: service, atMs: 1_400 });
  expect(table.takings?.acts).toMatchObject([
    { by: asker, parameters: { asked: String(service), madeMs: "1000" }, atMs: 1_050 },
    { by: asker, parameters: { asked: String(service), madeMs: "1300" }, atMs: 1_400 },
  ]);
  expect(retained).toEqual(expect.arrayContaining([asker, service]));
});

it("those that are more than are kept are counted", () => {
  const takings = new Takings(() => undefined, { takingsMax: 2 });
  for (const taker of [1, 2, 3, asker]) {
    takings.note({ by: asker, taker, madeMs: 1_000, takenMs: 1_000 });
    // The same again, which tells nothing more of those that are kept.
    takings.note({ by: asker, taker, madeMs: 1_000, takenMs: 1_001 });
  }
  expect(takings.acts.map(({ parameters }) => parameters)).toMatchObject([{ asked: "1" }, { asked: "2" }]);
  expect(takings.dropped).toBe(2);
});

it("what others make for each other takes no room from the run's, and none of it is called lost", () => {
  const takings = new Takings(() => undefined, { takingsMax: 2, isOfRun: (serial) => serial === asker });
  for (const by of [30, 31, 32, 33]) takings.note({ by, taker: service, madeMs: 1_000, takenMs: 1_000 });
  takings.note({ by: asker, taker: service, madeMs: 1_000, takenMs: 1_000 });
  expect(takings.acts.map(({ by }) => by)).toEqual([asker, 30, 31]);
  expect(takings.dropped).toBe(0);
  for (const taker of [21, 22]) takings.note({ by: asker, taker, madeMs: 1_000, takenMs: 1_000 });
  expect(takings.dropped).toBe(1);
});
