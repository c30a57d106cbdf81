import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { hookOf } from "../../../agent/autostart/hook.ts";
import { inRepository } from "./in-repository.ts";

function place(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "in-repository-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("the line that starts an agent with the host names its programs from the repository's root", () => {
  const { command } = hookOf({ home: "/home/donor/agent" });
  const told = inRepository(`residue: line 1 of root's crontab: @reboot exec ${command.join(" ")}`).split(" ");
  expect(told).toContain("bin/donor-agent.mjs");
  expect(told.at(-1)).toBe("/home/donor/agent");
});

test("packages behind a symlink are told as where the repository has them, and so is a root behind one", () => {
  const elsewhere = place();
  const root = join(elsewhere, "clone");
  mkdirSync(join(elsewhere, "shared/node_modules"), { recursive: true });
  mkdirSync(root);
  symlinkSync("../shared/node_modules", join(root, "node_modules"));
  symlinkSync("clone", join(elsewhere, "alias"));
  const said = `exec ${elsewhere}/shared/node_modules/node/bin/node ${root}/bin/a.mjs; ${root}-2/b ${elsewhere}/alias/c`;
  const told = `exec node_modules/node/bin/node bin/a.mjs; ${root}-2/b`;
  expect(inRepository(said, root)).toBe(`${told} ${elsewhere}/alias/c`);
  expect(inRepository(said, join(elsewhere, "alias"))).toBe(`${told} c`);
});

test("what is said of other places stays as it is, also where there are no packages", () => {
  const said = "file /tmp/houseguest-1/left (0644 root) by /usr/bin/node";
  expect(inRepository(said)).toBe(said);
  expect(inRepository(said, place())).toBe(said);
});

test("a path that only ends in the root's, or goes on where the root's begins, is another one", () => {
  const other = "file /tmp/app/x of ./app/y, ~/app/z, /srv/my-dir/app/a and é/app/b";
  expect(inRepository(other, "/app")).toBe(other);
  const own = `"/app/a" (/app/b) --home=/app/c,PATH=/usr/bin:/app/bin at file:///app/d.ts:1\n/app/e`;
  expect(inRepository(own, "/app")).toBe(`"a" (b) --home=c,PATH=/usr/bin:bin at file://d.ts:1\ne`);
});
