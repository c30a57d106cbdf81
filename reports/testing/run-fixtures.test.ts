import { expect, test } from "vitest";

import { parseHistoryLine } from "../../protocol/history.ts";
import { RunVerdict } from "../../protocol/verdict.ts";
import { runFixtures } from "./run-fixtures.ts";

test.for(Object.entries(runFixtures))("the fixture %s is what the protocol allows", ([, make]) => {
  const { verdict, history } = make();
  expect(RunVerdict.parse(verdict)).toEqual(verdict);
  for (const record of history) expect(parseHistoryLine(JSON.stringify(record))).toEqual({ record });
});
