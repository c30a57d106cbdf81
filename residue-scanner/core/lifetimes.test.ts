import { expect, it } from "vitest";

import { recordedProcess } from "../testing/recording-fixture.ts";
import { Lifetimes } from "./lifetimes.ts";

it("a process is gone when the last of those is that come from it", () => {
  const processes = [
    recordedProcess({ serial: 1, parent: null, toMs: 10 }),
    recordedProcess({ serial: 2, parent: 1, toMs: 50 }),
    recordedProcess({ serial: 3, parent: 2, toMs: 30 }),
    recordedProcess({ serial: 4, parent: null, toMs: 20 }),
    recordedProcess({ serial: 5, parent: 4, toMs: null }),
  ];
  const lifetimes = new Lifetimes(new Map(processes.map((process) => [process.serial, process])));
  expect([1, 2, 3].map((serial) => lifetimes.endOf(serial))).toEqual([50, 50, 30]);
  expect([4, 9].map((serial) => lifetimes.endOf(serial))).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
