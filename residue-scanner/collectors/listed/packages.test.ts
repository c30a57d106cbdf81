import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectPackages } from "./packages.ts";

const told = (root: string) =>
  collectPackages(root).facts.map(({ key, attributes }) => [key, attributes["version"], attributes["state"]]);

describe("packages", () => {
  it("of every manager are told with their versions; what was removed and left its configuration is there still", () => {
    const root = recordedFiles({
      "var/lib/dpkg/status": `Package: kept
Status: install ok installed
Architecture: amd64
Version: 1:2.0-1
Description: x
 Package: not one

Package: half
Status: deinstall ok config-files
Architecture: all
Version: 3

Package: gone
Status: purge ok not-installed
`,
      "lib/apk/db/installed": "C:Q1\nP:busybox\nV:1.36.1-r2\n\n",
      "var/lib/pacman/local/zlib-1.3-1/desc": "",
    });
    expect(told(root)).toEqual([
      ["dpkg kept:amd64", "1:2.0-1", "installed"],
      ["dpkg half:all", "3", "config-files, to be removed"],
      ["apk busybox", "1.36.1-r2", "installed"],
      ["pacman zlib-1.3-1", "", "installed"],
    ]);
  });

  it("say in which file they stand, so that whoever wrote there is asked", () => {
    const root = recordedFiles({
      "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\n",
      "var/lib/pacman/local/zlib-1.3-1/desc": "",
    });
    expect(collectPackages(root).facts.map(({ file }) => file)).toEqual([
      join(root, "var/lib/dpkg/status"),
      join(root, "var/lib/pacman/local/zlib-1.3-1"),
    ]);
  });

  it("that nothing here reads are not taken for none", () => {
    expect(collectPackages(recordedFiles({ "var/lib/rpm/rpmdb.sqlite": "" })).unseen).toHaveLength(1);
    expect(collectPackages(temporaryDirectory())).toEqual({ facts: [], unseen: [] });
  });

  it("are read again once the database says something else", () => {
    const root = recordedFiles({ "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1\n" });
    const before = told(root);
    writeFileSync(join(root, "var/lib/dpkg/status"), "Package: a\nStatus: install ok installed\nVersion: 2\n");
    expect([before, told(root)]).toEqual([[["dpkg a:", "1", "installed"]], [["dpkg a:", "2", "installed"]]]);
  });

  it("that dpkg installs and removes are found, purged ones are not", (context) => {
    if (process.geteuid?.() !== 0 || !existsSync("/usr/bin/dpkg-deb")) context.skip("needs root and dpkg");
    const root = recordedFiles({ "var/lib/dpkg/status": "", "var/lib/dpkg/available": "" });
    for (const directory of ["info", "updates", "triggers", "parts"]) mkdirSync(join(root, "var/lib/dpkg", directory));
    const source = recordedFiles({
      "DEBIAN/control": "Package: left\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n",
      "DEBIAN/conffiles": "/etc/left\n",
      "etc/left": "x\n",
    });
    const deb = join(temporaryDirectory(), "left.deb");
    execFileSync("dpkg-deb", ["--build", source, deb], { stdio: "pipe" });
    const dpkg = (...parameters: string[]) =>
      execFileSync("dpkg", [`--root=${root}`, "--log=/dev/null", ...parameters], { stdio: "pipe" });
    dpkg("--install", deb);
    const installed = told(root);
    dpkg("--remove", "left");
    const removed = told(root);
    dpkg("--purge", "left");
    expect([installed, removed, told(root)]).toEqual([
      [["dpkg left:all", "1", "installed"]],
      [["dpkg left:all", "1", "config-files, to be removed"]],
      [],
    ]);
  });
});
