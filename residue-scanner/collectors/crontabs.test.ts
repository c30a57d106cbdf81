import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { collectCrontabs } from "./crontabs.ts";

function places() {
  const root = temporaryDirectory();
  for (const name of ["spool", "cron.d", "daily"]) mkdirSync(join(root, name));
  const all = [
    { path: join(root, "spool"), holds: "user-crontabs" },
    { path: join(root, "crontab"), holds: "crontab" },
    { path: join(root, "cron.d"), holds: "crontabs" },
    { path: join(root, "daily"), holds: "scripts" },
    { path: join(root, "none"), holds: "crontab" },
  ] as const;
  return { root, read: () => collectCrontabs({ places: all }) };
}

describe("the crontabs collector", () => {
  it("finds nothing where there are none, which is no trouble", () => {
    const { read } = places();
    expect(read()).toMatchObject({ crontabs: [], reading: { status: "done", detail: "" } });
  });

  it("finds each line with its number and its user, and each script", () => {
    const { root, read } = places();
    writeFileSync(join(root, "spool/anna"), "# mine\n\n* * * * * /x\n");
    writeFileSync(join(root, "cron.d/backup"), "0 3 * * * root /backup\n");
    writeFileSync(join(root, "daily/tidy"), "#!/bin/sh\n");
    expect(read().crontabs.map(({ file, line, text, user }) => [file.slice(root.length), line, text, user])).toEqual([
      ["/spool/anna", 3, "* * * * * /x", "anna"],
      ["/cron.d/backup", 1, "0 3 * * * root /backup", null],
      ["/daily/tidy", null, "tidy", null],
    ]);
  });

  it("finds each job of at, with whose it is", () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "a0000101c2e4f8"), "#!/bin/sh\n");
    writeFileSync(join(directory, ".SEQ"), "1\n");
    const { crontabs } = collectCrontabs({ places: [{ path: directory, holds: "jobs" }] });
    const text = `at job a0000101c2e4f8 of user ${process.getuid?.()}`;
    expect(crontabs).toMatchObject([{ file: join(directory, "a0000101c2e4f8"), line: null, text }]);
  });

  it("tells a new line by its text: the lines below it are the same as before", () => {
    const { root, read } = places();
    writeFileSync(join(root, "crontab"), "1 * * * * a\n2 * * * * b\n1 * * * * a\n");
    const before = new Set(read().crontabs.map(({ key }) => key));
    writeFileSync(join(root, "crontab"), "@reboot planted\n1 * * * * a\n2 * * * * b\n1 * * * * a\n");
    const added = read().crontabs.filter(({ key }) => !before.has(key));
    expect(before.size).toBe(3);
    expect(added.map(({ line, text }) => [line, text])).toEqual([[1, "@reboot planted"]]);
  });

  it("asks crontab(1) for this user's own where the directory of all is closed, and still names that directory", () => {
    const path = join(temporaryDirectory(), "spool");
    // What is no directory cannot be listed by root either.
    writeFileSync(path, "");
    const places = [{ path, holds: "user-crontabs" }] as const;
    const { crontabs, reading } = collectCrontabs({ places, readOwn: () => "# mine\n@reboot planted\n" });
    expect(crontabs).toMatchObject([{ line: 2, text: "@reboot planted" }]);
    expect(reading).toMatchObject({ status: "partial", detail: `cannot be read: ${path}` });
  });

  it("names what it may not read", (context) => {
    if (process.geteuid?.() === 0) context.skip("root may read every crontab");
    const { root, read } = places();
    writeFileSync(join(root, "spool/other"), "* * * * * /x\n");
    chmodSync(join(root, "spool/other"), 0o000);
    expect(read().reading).toMatchObject({ status: "partial", detail: `cannot be read: ${join(root, "spool/other")}` });
  });
});
