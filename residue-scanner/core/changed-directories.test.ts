import { describe, expect, it } from "vitest";

import { ChangedDirectories } from "./changed-directories.ts";

const ours = 1;
const theirs = 2;

describe("directories in which the run goes on to change something", () => {
  const begun = (directoriesMax?: number) => {
    const changed = new ChangedDirectories({ isOfRun: (serial) => serial === ours, directoriesMax });
    changed.note("before", ours, false);
    expect(changed.take()).toEqual([]);
    return changed;
  };

  it("are the run's since the last question, each once", () => {
    const changed = begun();
    changed.note("a", ours, false);
    changed.note("b", theirs, false);
    changed.note("a", ours, false);
    changed.note("c", ours, false);
    expect(changed.take()).toEqual([
      { key: "a", isItself: false },
      { key: "c", isItself: false },
    ]);
    expect(changed.take()).toEqual([]);
    changed.note("a", ours, false);
    expect(changed.take()).toEqual([{ key: "a", isItself: false }]);
  });

  it("say whether they themselves were changed, too", () => {
    const changed = begun();
    for (const isItself of [false, true, false]) changed.note("a", ours, isItself);
    expect(changed.take()).toEqual([{ key: "a", isItself: true }]);
  });

  it("are counted where they are more than are kept", () => {
    const changed = begun(2);
    for (const key of ["a", "b", "c", "a"]) changed.note(key, ours, false);
    expect(changed.take().map(({ key }) => key)).toEqual(["a", "b"]);
    expect(changed.dropped).toBe(1);
  });
});
