import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { Finding } from "../protocol/residue-report.ts";
import { compareSnapshots, takeSnapshot } from "./scanner.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { setXattr } from "./testing/xattr.ts";

const isRoot = process.geteuid?.() === 0;

interface Planted {
  readonly root: string;
  readonly findings: Finding[];
  /** False where this file system cannot hold what was to be planted. */
  readonly isPlanted: boolean;
}

/** Plants in a directory that holds `file`, `program` and `directory/inner`, and says what the scanner makes of it. */
async function findingsAfter(plant: (root: string) => unknown): Promise<Planted> {
  const root = temporaryDirectory();
  writeFileSync(join(root, "file"), "content");
  writeFileSync(join(root, "program"), "#!/bin/sh", { mode: 0o755 });
  mkdirSync(join(root, "directory"));
  writeFileSync(join(root, "directory/inner"), "");
  const scope = { roots: [root], surfaces: ["files"], workers: 1 } as const;
  const before = await takeSnapshot(scope);
  const windowFromMs = Date.now();
  // Only `setXattr` says that it could not.
  if (plant(root) === false) return { root, findings: [], isPlanted: false };
  const after = await takeSnapshot(scope);
  const context = contextFixture({ agentPaths: [root], windowFromMs, windowToMs: Date.now() });
  return { root, findings: (await compareSnapshots(before, after, context)).findings, isPlanted: true };
}

const keepingTimes = (path: string, change: () => void) => {
  const { mtimeNs } = statSync(path, { bigint: true });
  change();
  execFileSync("touch", ["-m", "-d", `@${mtimeNs / 10n ** 9n}.${String(mtimeNs % 10n ** 9n).padStart(9, "0")}`, path]);
};

interface Plant {
  readonly what: string;
  readonly plant: (root: string) => unknown;
  /** The finding's place below the root, as it is shown. */
  readonly at: string;
  readonly change: Finding["change"];
  readonly changed?: readonly string[];
  readonly subject?: string;
  readonly only?: "root";
}

const plants: readonly Plant[] = [
  { what: "a new file", plant: (root) => writeFileSync(join(root, "left"), "x"), at: "/left", change: "appeared" },
  {
    what: "a hidden file",
    plant: (root) => writeFileSync(join(root, "directory/.left"), ""),
    at: "/directory/.left",
    change: "appeared",
  },
  {
    what: "a name with a newline",
    plant: (root) => writeFileSync(join(root, "a\nb"), ""),
    at: "/a\\nb",
    change: "appeared",
  },
  {
    what: "a name that is no UTF-8",
    plant: (root) => writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]), ""),
    at: "/\\xff",
    change: "appeared",
  },
  {
    what: "a symlink to a directory",
    plant: (root) => symlinkSync("/etc", join(root, "etc")),
    at: "/etc",
    change: "appeared",
    subject: " -> /etc ",
  },
  {
    what: "a named pipe",
    plant: (root) => execFileSync("mkfifo", [join(root, "pipe")]),
    at: "/pipe",
    change: "appeared",
    subject: "fifo ",
  },
  {
    what: "an empty directory",
    plant: (root) => mkdirSync(join(root, "empty")),
    at: "/empty",
    change: "appeared",
    subject: "directory ",
  },
  {
    what: "a tree, as one finding",
    plant: (root) => {
      mkdirSync(join(root, "one/two/three"), { recursive: true });
      writeFileSync(join(root, "one/two/three/file"), "");
    },
    at: "/one",
    change: "appeared",
    subject: "with 3 entries below",
  },
  {
    what: "a changed mode, with the modification time put back",
    plant: (root) => keepingTimes(join(root, "file"), () => chmodSync(join(root, "file"), 0o666)),
    at: "/file",
    change: "changed",
    changed: ["mode", "ctime"],
  },
  {
    what: "changed content of the same size, with the modification time put back",
    plant: (root) => keepingTimes(join(root, "file"), () => writeFileSync(join(root, "file"), "CONTENT")),
    at: "/file",
    change: "changed",
    changed: ["ctime"],
  },
  {
    what: "a changed modification time",
    plant: (root) => utimesSync(join(root, "file"), 1, 1),
    at: "/file",
    change: "changed",
    changed: ["mtime", "ctime"],
  },
  {
    what: "a set-user-id bit",
    plant: (root) => chmodSync(join(root, "program"), 0o4755),
    at: "/program",
    change: "changed",
    changed: ["mode", "ctime"],
  },
  {
    what: "the mode of a directory",
    plant: (root) => chmodSync(join(root, "directory"), 0o1777),
    at: "/directory",
    change: "changed",
    changed: ["mode", "ctime"],
  },
  {
    what: "another owner",
    plant: (root) => chownSync(join(root, "file"), 12345, 0),
    at: "/file",
    change: "changed",
    changed: ["uid", "ctime"],
    only: "root",
  },
  {
    what: "an extended attribute of a file",
    plant: (root) => setXattr(join(root, "file"), "user.left", "here"),
    at: "/file",
    change: "changed",
    changed: ["ctime"],
  },
  {
    what: "an extended attribute of a directory",
    plant: (root) => setXattr(join(root, "directory"), "user.left", "here"),
    at: "/directory",
    change: "changed",
    changed: ["ctime", "xattrs"],
  },
  {
    what: "an extended attribute of a directory that entries came to and went from as well",
    plant: (root) => {
      const could = setXattr(join(root, "directory"), "user.left", "here");
      writeFileSync(join(root, "directory/passing"), "");
      rmSync(join(root, "directory/passing"));
      return could;
    },
    at: "/directory",
    change: "changed",
    changed: ["mtime", "ctime", "xattrs"],
  },
  {
    what: "a second name of a file",
    plant: (root) => linkSync(join(root, "file"), join(root, "second")),
    at: "/second",
    change: "appeared",
  },
  {
    what: "a file in the place of another",
    plant: (root) => {
      writeFileSync(join(root, "new"), "content");
      renameSync(join(root, "new"), join(root, "file"));
    },
    at: "/file",
    change: "changed",
  },
  {
    what: "a file that is gone",
    plant: (root) => rmSync(join(root, "directory/inner")),
    at: "/directory/inner",
    change: "vanished",
  },
  {
    what: "a file in the place of a directory",
    plant: (root) => {
      rmSync(join(root, "directory"), { recursive: true });
      writeFileSync(join(root, "directory"), "");
    },
    at: "/directory",
    change: "changed",
  },
];

describe("planted in a directory, this is found, named and attributed:", () => {
  it.for(plants)("$what", async ({ plant, at, change, changed, subject, only }, context) => {
    if (only === "root" && !isRoot) context.skip("only root may do this");
    const { root, findings, isPlanted } = await findingsAfter(plant);
    if (!isPlanted) context.skip("no extended attributes on this file system");
    const finding = findings.find(({ location }) => location === root + at);
    expect(finding).toMatchObject({
      ...{ surface: "files", change, id: `files:${root}${at}` },
      ...(changed !== undefined && { changed: [...changed] }),
    });
    expect(finding?.subject).toContain(subject ?? at);
    expect(finding?.attribution.to).toBe("agent");
    expect(finding?.attribution.evidence).toMatchObject([
      { kind: "path", detail: `lies in ${root}, which is the agent's` },
      { kind: "time" },
    ]);
  });

  it("the new attribute of a file with its value, though the baseline did not read it", async (context) => {
    const { findings, isPlanted } = await findingsAfter((root) => setXattr(join(root, "file"), "user.left", "here"));
    if (!isPlanted) context.skip("no extended attributes on this file system");
    expect(findings[0]?.after).toMatchObject({ xattrs: ["user.left=here"] });
  });

  it("the digest of what a file holds now, and that the baseline's is not known", async () => {
    const { findings } = await findingsAfter((root) => writeFileSync(join(root, "left"), "hello"));
    expect(findings[0]?.after).toMatchObject({
      sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
      contentBefore: expect.stringContaining("not known"),
    });
  });

  it("a name of the run in a file that lies anywhere", async () => {
    const { runId } = contextFixture();
    const root = temporaryDirectory();
    const scope = { roots: [root], surfaces: ["files"], workers: 1 } as const;
    const before = await takeSnapshot(scope);
    writeFileSync(join(root, "log"), `${"x".repeat(2 * 1024 * 1024 - 5)}${runId} did this`);
    const { findings } = await compareSnapshots(before, await takeSnapshot(scope), contextFixture());
    expect(findings[0]?.attribution).toMatchObject({ to: "agent", evidence: [{ kind: "content" }, { kind: "time" }] });
  });
});

describe("not found, for it is no residue:", () => {
  it("nothing at all", async () => {
    expect((await findingsAfter(() => undefined)).findings).toEqual([]);
  });

  it("an entry that came and went", async () => {
    const passing = (root: string) => {
      writeFileSync(join(root, "directory/passing"), "");
      rmSync(join(root, "directory/passing"));
    };
    expect((await findingsAfter(passing)).findings).toEqual([]);
  });

  it("a file that was read", async () => {
    expect((await findingsAfter((root) => execFileSync("cat", [join(root, "file")]))).findings).toEqual([]);
  });
});
