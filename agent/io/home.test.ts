import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

import { UsageError } from "../../foundation/errors.ts";
import { temporaryDirectory, temporaryHome } from "../testing/temporary-home.ts";
import { isHeld, isInhabited, openHome } from "./home.ts";
import { asideOf } from "./home-create.ts";
import { homePaths } from "./home-paths.ts";
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

  test("goes with its parents, but for one that others use by now", () => {
    const paths = temporaryHome();
    const before = dirname(dirname(paths.home));
    removeHome(openHome(paths));
    expect(readdirSync(before)).toEqual([]);

    const again = openHome(paths);
    writeFileSync(join(dirname(paths.home), "others.txt"), "not the agent's");
    expect(removeHome(again)).toEqual({ wiped: [paths.home], left: [dirname(paths.home)] });
    expect(readdirSync(dirname(paths.home))).toEqual(["others.txt"]);
  });

  test("what a killed start or withdrawal left beside it is cleared; a living one's is not", () => {
    const paths = temporaryHome();
    const top = dirname(paths.home);
    const gone = spawnSync("true").pid;
    mkdirSync(join(asideOf(top, gone), "home"), { recursive: true });
    mkdirSync(asideOf(top, process.pid));
    expect(isInhabited(paths)).toBe(false);
    expect(readdirSync(dirname(top))).toEqual([`.data.houseguest-${process.pid}`]);
  });
});

describe("a home that is there", () => {
  test("as an empty directory is used, and left as empty as it was", () => {
    const paths = homePaths(temporaryDirectory(), {});
    chmodSync(paths.home, 0o755);
    const home = openHome(paths);
    expect(removeHome(home)).toEqual({ wiped: [], left: [] });
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

describe("what cannot be a home", () => {
  test("a path too long for its socket", () => {
    expect(codeOf(() => homePaths(`/tmp/${"x".repeat(100)}`, {}))).toBe("socket-path-too-long");
  });

  test("a ~ that no shell has expanded", () => {
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
