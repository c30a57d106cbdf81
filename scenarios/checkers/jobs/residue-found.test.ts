import { expect, test } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const residue = (over: Partial<HistoryData<"witness.residue">>) => {
  const found = { surface: "files", location: "/tmp/left", found: true, attribution: "job", evidence: ["recorder"] };
  const data = { ...found, ...over } as HistoryData<"witness.residue">;
  return judge(new HistoryBuilder().add("witness.residue", data), "residue-found", { foundMin: 1 });
};

test("residue-found fails for what was not found, and for what is laid to somebody else", () => {
  expect(residue({})).toMatchObject({ result: "pass", detail: "1 things found, by recorder" });
  expect(residue({ found: false, attribution: null }).result).toBe("fail");
  expect(residue({ attribution: "background" }).result).toBe("fail");
  // Without a recorder nobody may know whose it is.
  expect(residue({ attribution: "unknown", evidence: [] }).result).toBe("pass");
});
