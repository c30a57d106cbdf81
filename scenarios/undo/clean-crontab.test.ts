import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { FakeCrontab } from "../../agent/autostart/testing/fake-crontab.ts";
import { performUndo } from "./perform-undo.ts";

const mark = "houseguest-left-1";
const left = `0 0 1 1 * true # ${mark}\n`;
const mine = "0 5 * * * mine\n";

/** The user's crontab(1) is the test's own, with that in it; none for null. */
function crontabWith(content: Buffer | string | null): FakeCrontab {
  const bed = new FakeCrontab();
  if (content !== null) bed.table(Buffer.from(content));
  vi.stubEnv("PATH", `${bed.directory}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return bed;
}

const clean = () => performUndo({ undo: "clean-crontab", mark });

test("the lines with the mark go, wherever they stand, and the others stay", async () => {
  const bed = crontabWith(`${left}${mine}${left}# end\n`);
  expect(await clean()).toBeUndefined();
  expect(bed.text()).toBe(`${mine}# end\n`);
});

test("a crontab with nothing else in it goes too", async () => {
  const bed = crontabWith(left);
  expect(await clean()).toBeUndefined();
  expect(bed.scan()).toBeNull();
});

// A call for every look; the n-th would be the one that writes.
test.each<[string, string | null]>([
  ["none of the lines", mine],
  ["no crontab", null],
])("nothing is written where there is %s", async (_, content) => {
  const bed = crontabWith(content);
  bed.beforeCall(2, "echo '# looked at twice' > table");
  expect(await clean()).toBeUndefined();
  expect(bed.text()).toBe(content ?? undefined);
});

test("every other byte stays as it is: what is no UTF-8, carriage returns, empty lines at the end", async () => {
  const odd = Buffer.concat([Buffer.from("# "), Buffer.from([0xff, 0xfe, 0xc3, 0x0d]), Buffer.from("\n# a\r\n\n\n")]);
  const bed = crontabWith(Buffer.concat([odd, Buffer.from(left)]));
  expect(await clean()).toBeUndefined();
  expect(bed.scan()).toEqual(odd);
});

test("what the owner writes between the first look and the change stays", async () => {
  const bed = crontabWith(`${mine}${left}`);
  bed.beforeCall(2, "echo '# theirs' >> table");
  expect(await clean()).toBeUndefined();
  expect(bed.text()).toBe(`${mine}# theirs\n`);
});

test("a crontab that its owner makes of one with the lines alone is not removed", async () => {
  const bed = crontabWith(left);
  bed.beforeCall(2, "echo '# theirs' >> table");
  expect(await clean()).toBeUndefined();
  expect(bed.text()).toBe("# theirs\n");
});

test("what cannot be looked at or changed is told, and may be tried once more", async () => {
  const bed = crontabWith(left);
  bed.refuse("You (tester) are not allowed to use this program (crontab)");
  expect(await clean()).toContain("not allowed");
  bed.refuse(null);
  expect(await clean()).toBeUndefined();
  expect(bed.scan()).toBeNull();
});

test("a crontab program that never ends is given up", async () => {
  const bed = crontabWith(left);
  writeFileSync(join(bed.directory, "crontab"), "#!/bin/sh\nexec sleep 1000\n");
  expect(await clean()).toContain("cannot be read");
});
