import { describe, expect, it } from "vitest";

import type { AttributionTarget } from "../../protocol/residue-report.ts";
import { tellCrowds } from "./crowds.ts";
import type { Difference, FileDifference } from "./difference.ts";
import type { FileFact } from "./file-fact.ts";

const file: FileFact = {
  kind: "file",
  permissions: 0o644,
  uid: 0,
  gid: 0,
  links: 1,
  ino: 7,
  size: 768,
  device: null,
  modifiedNs: 1n,
  changedNs: 1n,
  bornNs: 1n,
  flags: [],
  xattrs: [],
};

const crowd = (directory: string, isOlder = false) => ({ directory, change: "appeared" as const, count: 7, isOlder });

function came(key: string, to: AttributionTarget, kind: "directory" | "file" = "directory") {
  const difference: FileDifference = {
    surface: "files",
    key,
    change: "appeared",
    changed: [],
    before: null,
    after: { ...file, kind },
  };
  return { difference: difference satisfies Difference, attribution: { to } };
}

describe("what is not listed", () => {
  it("is told by the uppermost directory that came with it, though others between them are not listed", () => {
    const judged = [came("/d", "job"), came("/d/e", "job"), came("/d/x", "job", "file")];
    expect(tellCrowds([crowd("/d/e"), crowd("/d/e/f/g"), crowd("/d")], judged, () => true)).toEqual({
      below: new Map([["/d", 21]]),
      untold: [],
    });
  });

  it("is told by nothing where several were at work, where another thing became of the directory, or where none is listed", () => {
    const judged = [came("/d", "job"), came("/d/e", "background", "file")];
    expect(tellCrowds([crowd("/d")], judged, () => true).untold).toEqual([crowd("/d")]);
    const gone = { ...crowd("/d"), change: "vanished" as const };
    expect(tellCrowds([gone], [came("/d", "job")], () => true).untold).toEqual([gone]);
    expect(tellCrowds([crowd("/e")], [came("/d", "job")], () => true)).toEqual({
      below: new Map(),
      untold: [crowd("/e")],
    });
  });

  it("is told by nothing where the directory is excused, because the run may have put something among it", () => {
    const judged = [came("/d", "background")];
    expect(tellCrowds([crowd("/d")], judged, () => false)).toEqual({ below: new Map(), untold: [crowd("/d")] });
  });
});
