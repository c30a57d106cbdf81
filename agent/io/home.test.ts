import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { UsageError } from "../../foundation/errors.ts";
import { temporaryDirectory, temporaryHome } from "../testing/temporary-home.ts";
import { isHeld, isInhabited, openHome } from "./home.ts";
import { asideOf, clearAside } from "./home-create.ts";
import { homePaths } from "./home-paths.ts";
import { wipeHome } from "./withdrawal-effects.ts";
import { removeHome } from "./home-remove.ts";

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof UsageError ? error.code : String(error);
  }
}

describe("whether somebody has a home", () => {
  test("is told while another process has it, and looking leaves nothing behind", () => {
    const paths = temporaryHome();
    expect(isHeld(paths)).toBe(false);
    expect(existsSync(paths.home)).toBe(false);
    const home = openHome(paths);
    const look = `import { isHeld } from "${import.meta.dirname}/home.ts"; console.log(isHeld(${JSON.stringify(paths)}))`;
    const lookedAt = (): string =>
      spawnSync(process.execPath, ["--input-type=module", "-e", look], { encoding: "utf8" }).stdout;
    expect(lookedAt()).toBe("true\n");
    home.lock.release();
    expect(lookedAt()).toBe("false\n");
    expect(
      readdirSync(paths.home)
        .map((name) => join(paths.home, name))
        .sort(),
    ).toEqual([paths.ledger, paths.lock].sort());
    rmSync(paths.lock);
    expect(lookedAt()).toBe("false\n");
    expect(existsSync(paths.lock)).toBe(false);
  });
});

describe("a home that is not there", () => {
  test("is made for its owner alone, with a ledger that knows every directory made for it", () => {
    const paths = temporaryHome();
    const home = openHome(paths);
    expect(statSync(paths.home).mode & 0o777).toBe(0o700);
    expect(home.ledger.live()).toEqual([
      { kind: "directory", path: dirname(paths.home) },
      { kind: "directory", path: paths.home },
    ]);
    home.lock.release();
  });

  test("goes with its parents, but for one that others use by now (case 63)", () => {
    const paths = temporaryHome();
    const before = dirname(dirname(paths.home));
    removeHome(openHome(paths));
    expect(readdirSync(before)).toEqual([]);

    const again = openHome(paths);
    writeFileSync(join(dirname(paths.home), "others.txt"), "not the agent's");
    expect(removeHome(again)).toEqual({ wiped: [paths.home], left: [], kept: [dirname(paths.home)] });
    expect(readdirSync(dirname(paths.home))).toEqual(["others.txt"]);
  });

  test("a parent in which another parent is that others use by now stays as well, and the way between them", () => {
    const above = join(temporaryDirectory(), "above");
    const paths = homePaths(join(above, "between", "home"), {});
    const home = openHome(paths);
    writeFileSync(join(above, "between", "others.txt"), "not the agent's");
    expect(removeHome(home)).toEqual({ wiped: [paths.home], left: [], kept: [above, join(above, "between")] });
  });

  test("what a killed start or withdrawal left beside it is cleared; a living one's is not", () => {
    const paths = temporaryHome();
    const top = dirname(paths.home);
    const gone = spawnSync("true").pid;
    mkdirSync(join(asideOf(top, gone), "home"), { recursive: true });
    mkdirSync(asideOf(top, process.pid));
    expect(isInhabited(paths)).toBe(false);
    clearAside(paths.home);
    expect(readdirSync(dirname(top))).toEqual([`.data.houseguest-${process.pid}`]);
  });
});

describe("a home that is there", () => {
  test("as an empty directory is used, and left as empty as it was", () => {
    const paths = homePaths(temporaryDirectory(), {});
    chmodSync(paths.home, 0o755);
    const home = openHome(paths);
    expect(removeHome(home)).toEqual({ wiped: [], left: [], kept: [] });
    expect(readdirSync(paths.home)).toEqual([]);
    expect(statSync(paths.home).mode & 0o777).toBe(0o755);
  });

  test("with anything else in it is refused and left alone", () => {
    const paths = homePaths(temporaryDirectory(), {});
    writeFileSync(join(paths.home, "letter.txt"), "dear");
    expect(codeOf(() => openHome(paths))).toBe("home-not-empty");
    expect(readdirSync(paths.home)).toEqual(["letter.txt"]);
  });

  test("is had by one process at a time, and by the next as soon as that has ended, however it ended", () => {
    const paths = temporaryHome();
    openHome(paths).lock.release();
    const holder = `
      import { openHome } from ${JSON.stringify(join(import.meta.dirname, "home.ts"))};
      import { homePaths } from ${JSON.stringify(join(import.meta.dirname, "home-paths.ts"))};
      openHome(homePaths(process.argv[1], {}));
      const { spawnSync } = await import("node:child_process");
      const other = spawnSync(process.execPath, ["--input-type=module", "-e", process.argv[2], process.argv[1]]);
      process.stdout.write(other.stderr.toString());
      process.kill(process.pid, "SIGKILL");`;
    const taker = `
      import { openHome } from ${JSON.stringify(join(import.meta.dirname, "home.ts"))};
      import { homePaths } from ${JSON.stringify(join(import.meta.dirname, "home-paths.ts"))};
      try { openHome(homePaths(process.argv[1], {})) } catch (error) { process.stderr.write(error.code + error.exitCode) }`;
    const first = spawnSync(process.execPath, ["--input-type=module", "-e", holder, paths.home, taker]);
    expect(first.stdout.toString()).toBe("already-running64");
    expect(first.signal).toBe("SIGKILL");
    openHome(paths).lock.release();
  });
});

describe("a home that others have a hand in", () => {
  const nobody = 65_534;

  test.each([0o777, 0o770, 0o702])("because its mode is %o is refused, and so is such a ledger", (mode) => {
    const paths = temporaryHome();
    const home = openHome(paths);
    home.lock.release();
    chmodSync(paths.home, mode);
    expect(codeOf(() => openHome(paths, { lostToo: true }))).toBe("home-of-others");
    chmodSync(paths.home, 0o700);
    chmodSync(paths.ledger, mode & 0o666);
    expect(codeOf(() => openHome(paths))).toBe("home-of-others");
    chmodSync(paths.ledger, 0o600);
    openHome(paths).lock.release();
  });

  test("because it is another user's is refused, and so is such a ledger", (context) => {
    if (process.geteuid?.() !== 0) return context.skip("only root can give a directory away");
    const paths = temporaryHome();
    openHome(paths).lock.release();
    chownSync(paths.home, nobody, nobody);
    expect(codeOf(() => openHome(paths))).toBe("home-of-others");
    chownSync(paths.home, 0, 0);
    chownSync(paths.ledger, nobody, nobody);
    expect(codeOf(() => openHome(paths))).toBe("home-of-others");
  });

  test("because its ledger is a link is refused", () => {
    const paths = temporaryHome();
    openHome(paths).lock.release();
    renameSync(paths.ledger, join(dirname(paths.home), "elsewhere"));
    symlinkSync(join(dirname(paths.home), "elsewhere"), paths.ledger);
    expect(codeOf(() => openHome(paths))).toBe("home-of-others");
  });
});

test("another user's leftover beside the home is that user's, and in nobody's way", (context) => {
  if (process.geteuid?.() !== 0) return context.skip("only root can give a directory away");
  const paths = temporaryHome();
  const top = dirname(paths.home);
  const aside = asideOf(top, spawnSync("true").pid);
  mkdirSync(aside);
  writeFileSync(join(aside, "theirs.txt"), "theirs");
  chownSync(aside, 65_534, 65_534);
  openHome(paths).lock.release();
  expect(readdirSync(aside)).toEqual(["theirs.txt"]);
});

test("a leftover that cannot be removed is in nobody's way", (context) => {
  if (process.geteuid?.() !== 0) return context.skip("only root can protect a file");
  const paths = temporaryHome();
  const aside = asideOf(dirname(paths.home), spawnSync("true").pid);
  mkdirSync(aside);
  const file = join(aside, "protected.txt");
  writeFileSync(file, "");
  if (spawnSync("chattr", ["+i", file]).status !== 0) return context.skip("this file system protects no files");
  onTestFinished(() => void spawnSync("chattr", ["-i", file]));
  openHome(paths).lock.release();
  expect(existsSync(file)).toBe(true);
});

test("asking whether somebody lives there changes nothing", () => {
  const paths = temporaryHome();
  const aside = asideOf(dirname(paths.home), spawnSync("true").pid);
  mkdirSync(aside);
  expect(isInhabited(paths)).toBe(false);
  expect(existsSync(aside)).toBe(true);
});

describe("what cannot be a home", () => {
  test("a path too long for its socket", () => {
    expect(codeOf(() => homePaths(`/tmp/${"x".repeat(100)}`, {}))).toBe("socket-path-too-long");
  });

  test("a ~ that no shell has expanded (case 63)", () => {
    expect(codeOf(() => homePaths("~/agent", {}))).toBe("bad-home");
    expect(existsSync("~")).toBe(false);
  });

  test("a place below a file", () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    expect(codeOf(() => openHome(homePaths(join(file, "home"), {})))).toBe("home-unwritable");
    expect(codeOf(() => openHome(homePaths(file, {})))).toBe("bad-home");
  });

  test("a place that the kernel keeps for itself", () => {
    expect(codeOf(() => openHome(homePaths("/proc/houseguest/home", {})))).toBe("home-unwritable");
  });
});

test("without --home it is where the XDG specification says", () => {
  expect(homePaths(undefined, { XDG_DATA_HOME: "/data" }).home).toBe("/data/houseguest");
  expect(homePaths(undefined, { XDG_DATA_HOME: "relative" }).home).toMatch(/^\/.*\.local\/share\/houseguest$/);
});

test("a protected file at the top of the home is unprotected and removed; what stays is named", async (context) => {
  if (process.geteuid?.() !== 0) return context.skip("only root can protect a file");
  const paths = temporaryHome();
  const home = openHome(paths);
  const file = join(paths.home, "agent.log");
  writeFileSync(file, "");
  if (spawnSync("chattr", ["+i", file]).status !== 0) return context.skip("this file system protects no files");
  onTestFinished(() => void spawnSync("chattr", ["-i", file]));
  expect(await wipeHome(home, null)).toEqual({ wiped: [file], left: [] });
  home.lock.release();
});

test("a file at the top of the home that cannot be removed is named with the reason", async (context) => {
  if (process.geteuid?.() !== 0) return context.skip("only root can mount");
  const paths = temporaryHome();
  const home = openHome(paths);
  const file = join(paths.home, "agent.log");
  writeFileSync(file, "");
  if (spawnSync("mount", ["--bind", file, file]).status !== 0) return context.skip("no mount can be made here");
  onTestFinished(() => void spawnSync("umount", [file]));
  const { wiped, left } = await wipeHome(home, null);
  expect(wiped).toEqual([]);
  expect(left).toEqual([expect.stringContaining(`${file} (EBUSY`)]);
  home.lock.release();
});
