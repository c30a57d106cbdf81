import { describe, expect, it } from "vitest";

import { listedFixture } from "../testing/snapshot-fixture.ts";
import type { ListedDifference } from "./difference.ts";
import { packageFiles } from "./package-files.ts";

const fact = (version: string, state: string) => listedFixture({ key: "dpkg x:amd64", attributes: { version, state } });
const difference = (parts: Partial<ListedDifference>): ListedDifference => ({
  ...{ surface: "packages", key: "dpkg x:amd64", change: "appeared", changed: [], before: null, after: null },
  ...parts,
});

describe("files of one package", () => {
  it("are its lists, which are called by its architecture too where several may be installed", () => {
    const lists = ["/var/lib/dpkg/info/x.list", "/var/lib/dpkg/info/x:amd64.list"];
    expect(packageFiles(difference({}))).toEqual(lists);
    const [old, upgraded] = [fact("1", "installed"), fact("2", "installed")];
    expect(packageFiles(difference({ change: "changed", before: old, after: upgraded }))).toEqual(lists);
    expect(packageFiles(difference({ change: "changed", before: old, after: fact("1", "config-files") }))).toEqual(
      lists,
    );
  });

  it("are none for what is only wanted of it, for other managers and for other surfaces", () => {
    const [old, held] = [fact("1", "installed"), fact("1", "installed, to hold")];
    expect(packageFiles(difference({ change: "changed", before: old, after: held }))).toEqual([]);
    expect(packageFiles(difference({ key: "apk x" }))).toEqual([]);
    expect(packageFiles(difference({ surface: "mounts" }))).toEqual([]);
  });
});
