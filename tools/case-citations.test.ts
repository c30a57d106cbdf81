import { expect, test } from "vitest";

import { citedCases } from "./case-citations.ts";

test.each<[string, number[]]>([
  ["a late renewal is refused (case 2)", [2]],
  ["never gives an epoch twice (I1; cases 9 and 69)", [9, 69]],
  ["case 28: an image of which the disk holds less", [28]],
  ["one shutdown, whoever asks (cases 43 to 45, 47)", [43, 44, 45, 47]],
  ["cases 69 and 9, and case 9 again", [9, 69]],
  ["in this case 3 are left out", [3]],
  ["in no case, and of 3 suitcases 4", []],
  ["showcase 3", []],
  ["case, 3", []],
])("«%s» cites %j", (sentence, numbers) => {
  expect(citedCases(sentence)).toEqual(numbers);
});
