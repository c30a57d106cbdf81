import { expect, test } from "vitest";

import { autostartContract, plainHook } from "./autostart.contract.ts";
import { Crontab } from "./crontab.ts";
import { crontabSituations } from "./testing/crontab-situations.ts";
import { FakeCrontab } from "./testing/fake-crontab.ts";

autostartContract({ name: "crontab, modelled", makeBed: () => new FakeCrontab(), situations: crontabSituations });

const line = "@reboot exec /usr/bin/env true >/dev/null 2>&1 # houseguest:0123456789abcdef\n";

test("the line stands first, where no SHELL= above it says how it is run", async () => {
  const bed = new FakeCrontab();
  bed.table(Buffer.from("SHELL=/usr/bin/fish\n"));
  const autostart = bed.make(plainHook);
  await autostart.install();
  expect(bed.text()).toBe(`${line}SHELL=/usr/bin/fish\n`);
});

// An installation reads (1), reads again (2), writes (3), and reads once more (4).
test("a line that somebody adds between the first look and the write is kept", async () => {
  const bed = new FakeCrontab();
  bed.table(Buffer.from("# mine\n"));
  bed.beforeCall(2, "echo '# theirs' >> table");
  await bed.make(plainHook).install();
  expect(bed.text()).toBe(`${line}# mine\n# theirs\n`);
});

test("a table that somebody puts in place right after the write is seen, and gets the line too", async () => {
  const bed = new FakeCrontab();
  bed.beforeCall(4, "echo '# theirs' > table");
  await bed.make(plainHook).install();
  expect(bed.text()).toBe(`${line}# theirs\n`);
});

test("a line that somebody adds while ours is taken away is kept", async () => {
  const bed = new FakeCrontab();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  await autostart.install();
  bed.beforeCall(2, "echo '# theirs' >> table");
  expect((await autostart.remove(resources)).left).toEqual([]);
  expect(bed.text()).toBe("# theirs\n");
});

test("it gives up by name when somebody keeps changing the table", async () => {
  const bed = new FakeCrontab();
  for (let call = 2; call <= 20; call += 1) bed.beforeCall(call, `echo '# ${call}' >> table`);
  await expect(bed.make(plainHook).install()).rejects.toMatchObject({ code: "crontab-refused" });
});

test("a table that its owner has edited since keeps every edit, also when he has commented the line out", async () => {
  const bed = new FakeCrontab();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  await autostart.install();
  bed.table(Buffer.from(`# a\n#${line}# b\n`));
  expect((await autostart.remove(resources)).removed).toHaveLength(1);
  expect(bed.text()).toBe("# a\n# b\n");
});

test("a table that could not be put back as it was is refused before it is touched", async () => {
  const bed = new FakeCrontab();
  const before = Buffer.from("0 3 29 2 * true");
  bed.table(before);
  await expect(bed.make(plainHook).resources()).rejects.toMatchObject({ code: "crontab-refused" });
  expect(bed.scan()).toEqual(before);
});

test("a user who may not have a crontab hears it, and what cannot be looked at is left, with the reason", async () => {
  const bed = new FakeCrontab();
  bed.refuse("You (tester) are not allowed to use this program (crontab)");
  const autostart = bed.make(plainHook);
  await expect(autostart.resources()).rejects.toMatchObject({ code: "crontab-refused" });
  const { left } = await autostart.remove([{ kind: "crontab", user: "tester", existed: false }]);
  expect(left[0]).toMatch(/^the line houseguest:0123456789abcdef in the crontab of tester \(.*not allowed/);
});

test("a host without cron is a usage error", async () => {
  const autostart = new Crontab({ hook: plainHook, command: ["/no/such/crontab"] });
  await expect(autostart.resources()).rejects.toMatchObject({ code: "no-crontab", exitCode: 64 });
});

test("whoever withdraws another user's agent changes that user's table", async () => {
  const bed = new FakeCrontab();
  const autostart = bed.make(plainHook);
  await autostart.install();
  await autostart.remove([{ kind: "crontab", user: "somebody", existed: false }]);
  expect(bed.text()).toBeUndefined();
});

const others = { name: "houseguest-fedcba", marker: "houseguest:fedcba", command: ["/usr/bin/true"] };

/** Two agents of one user, of which the second comes while the first is there, and the first leaves first. */
async function comeAndGo(bed: FakeCrontab): Promise<void> {
  const [first, second] = [bed.make(plainHook), bed.make(others)];
  const ofFirst = await first.resources();
  await first.install();
  const ofSecond = await second.resources();
  await second.install();
  expect((await first.remove(ofFirst)).left).toEqual([]);
  expect(await second.isInstalled()).toBe(true);
  expect((await second.remove(ofSecond)).left).toEqual([]);
}

test("the last of several agents to leave takes away the table that the first one made", async () => {
  const bed = new FakeCrontab();
  await comeAndGo(bed);
  expect(bed.scan()).toBeNull();
});

test("an empty table that was there before the first of several agents stays when the last one leaves", async () => {
  const bed = new FakeCrontab();
  bed.table(Buffer.alloc(0));
  await comeAndGo(bed);
  expect(bed.text()).toBe("");
});

test("what an owner wrote beside two agents stays, and is a table that was there for the agent that comes then", async () => {
  const bed = new FakeCrontab();
  const [first, second] = [bed.make(plainHook), bed.make(others)];
  const ofFirst = await first.resources();
  await first.install();
  bed.table(Buffer.from(`${bed.text()}# mine\n`));
  expect(await second.resources()).toEqual([{ kind: "crontab", user: "tester", existed: true }]);
  await first.remove(ofFirst);
  expect(bed.text()).toBe("# mine\n");
});

test("a table that only agents wrote is theirs for one that knows of its line by the marker alone, too", async () => {
  const bed = new FakeCrontab();
  const [first, second] = [bed.make(plainHook), bed.make(others)];
  await first.install();
  await second.install();
  const found = await second.found();
  await first.remove(await first.found());
  await second.remove(found);
  expect(bed.scan()).toBeNull();
});
