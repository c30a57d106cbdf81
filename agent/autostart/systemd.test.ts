import { chmodSync, existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { autostartContract, plainHook } from "./autostart.contract.ts";
import type { Hook } from "./hook.ts";
import { systemdSystem } from "./systemd-system.ts";
import { systemdUser } from "./systemd-user.ts";
import { TreeBed } from "./testing/tree-bed.ts";
import { startOf } from "./testing/unquote-unit.ts";

const unit = `${plainHook.name}.service`;
/** As on a machine where no systemd runs. */
const noSystemctl = "/no/such/systemctl";

class UserBed extends TreeBed {
  make(hook: Hook, systemctl = noSystemctl) {
    return systemdUser({ hook, userHome: this.userHome, configHome: undefined, systemctl });
  }

  started(): string[] {
    return startOf(this.read(`.config/systemd/user/${unit}`));
  }
}

autostartContract({
  name: "systemd-user",
  makeBed: () => new UserBed(),
  situations: [
    { name: "an empty home", prepare: () => undefined },
    { name: "a configuration without systemd", prepare: (bed) => bed.directory(".config") },
    { name: "empty directories", prepare: (bed) => bed.directory(".config/systemd/user/default.target.wants") },
    {
      name: "units of others",
      prepare: (bed) => {
        bed.write(".config/systemd/user/backup.service", "[Service]\n");
        bed.write(".config/systemd/user/default.target.wants/backup.service", "[Service]\n");
      },
    },
  ],
});

class SystemBed extends TreeBed {
  make(hook: Hook) {
    const directory = join(this.userHome, "etc/systemd/system");
    return systemdSystem({ hook, directory, systemctl: noSystemctl });
  }

  started(): string[] {
    return startOf(this.read(`etc/systemd/system/${unit}`));
  }
}

autostartContract({
  name: "systemd",
  makeBed: () => new SystemBed(),
  situations: [
    { name: "a host without systemd", prepare: (bed) => bed.directory("etc") },
    { name: "a host with it", prepare: (bed) => bed.directory("etc/systemd/system/multi-user.target.wants") },
  ],
});

test.each(["systemd", "systemd-user"])(
  "%s says that nothing will start it on a host that systemd does not run",
  (name) => {
    const { userHome } = new UserBed();
    const cannot = (manager: string) =>
      (name === "systemd"
        ? systemdSystem({ hook: plainHook, systemctl: noSystemctl, manager })
        : systemdUser({ hook: plainHook, userHome, configHome: undefined, systemctl: noSystemctl, manager })
      ).cannot.join(" ");
    expect(cannot(join(userHome, "no-such-place"))).toContain("starts nothing");
    expect(cannot(userHome)).not.toContain("starts nothing");
  },
);

test("a user unit is enabled by the link that `systemctl --user enable` would make", async () => {
  const bed = new UserBed();
  const autostart = bed.make(plainHook);
  await autostart.install(await autostart.resources());
  const directory = join(bed.userHome, ".config/systemd/user");
  expect(readlinkSync(join(directory, "default.target.wants", unit))).toBe(join(directory, unit));
});

test("an absolute XDG_CONFIG_HOME is where user units go, a relative one is ignored", async () => {
  const bed = new UserBed();
  const elsewhere = join(bed.userHome, "elsewhere");
  for (const [configHome, place] of [
    [elsewhere, "elsewhere"],
    ["relative", ".config"],
  ] as const) {
    const autostart = systemdUser({ hook: plainHook, userHome: bed.userHome, configHome, systemctl: noSystemctl });
    const resources = await autostart.resources();
    await autostart.install(resources);
    expect(existsSync(join(bed.userHome, place, "systemd/user", unit))).toBe(true);
    await autostart.remove(resources);
    expect(bed.scan()).toEqual({});
  }
});

test("a manager that answers is told after the files are there, and after they are gone; nothing is started or stopped", async () => {
  const bed = new UserBed();
  const log = join(bed.userHome, "asked");
  const systemctl = join(bed.userHome, "systemctl");
  const path = join(bed.userHome, ".config/systemd/user", unit);
  writeFileSync(systemctl, `#!/bin/sh\n[ -e '${path}' ] && there=there\necho "$* $there" >> '${log}'\n`);
  chmodSync(systemctl, 0o755);
  const autostart = bed.make(plainHook, systemctl);
  const resources = await autostart.resources();
  expect(existsSync(log)).toBe(false);
  await autostart.install(resources);
  await autostart.remove(resources);
  expect(readFileSync(log, "utf8")).toBe("--user daemon-reload there\n--user daemon-reload \n");
  await autostart.remove(resources);
  expect(readFileSync(log, "utf8").split("\n")).toHaveLength(3);
});

test("a file of that name that is somebody else's is refused and left alone", async () => {
  const bed = new UserBed();
  bed.write(`.config/systemd/user/${unit}`, "mine\n");
  const before = bed.scan();
  await expect(bed.make(plainHook).resources()).rejects.toMatchObject({ code: "autostart-taken" });
  expect(bed.scan()).toEqual(before);
});

test("what a killed installation left half written is made whole by the next, and removed by a removal", async () => {
  const bed = new UserBed();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  await autostart.install(resources);
  const whole = bed.scan();
  const path = join(bed.userHome, ".config/systemd/user", unit);
  writeFileSync(path, readFileSync(path, "utf8").slice(0, 60));
  rmSync(join(bed.userHome, ".config/systemd/user/default.target.wants", unit));
  await autostart.install(resources);
  expect(bed.scan()).toEqual(whole);
  writeFileSync(path, "#");
  expect((await autostart.remove(resources)).left).toEqual([]);
  expect(bed.scan()).toEqual({});
});

test("a directory made for it that others use by now stays, and is not called left", async () => {
  const bed = new UserBed();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  await autostart.install(resources);
  bed.write(".config/others.txt", "theirs");
  expect((await autostart.remove(resources)).left).toEqual([]);
  expect(Object.keys(bed.scan()).sort()).toEqual([".config", ".config/others.txt"]);
});

test("a list that names what no agent planted removes nothing of it", async () => {
  const bed = new UserBed();
  bed.directory("empty");
  bed.write(`other/${unit}`, `# ${plainHook.marker}`);
  bed.write(`.config/systemd/user/${unit}`, "[Service]\n");
  bed.write("victim", plainHook.marker);
  const before = bed.scan();
  const at = (name: string): string => join(bed.userHome, name);
  const files = ["victim", `other/${unit}`, `.config/systemd/user/${unit}`];
  const removal = await bed
    .make(plainHook)
    .remove([
      { kind: "directory", path: at("empty") },
      ...files.map((name) => ({ kind: "file", path: at(name) }) as const),
    ]);
  expect(removal).toEqual({ removed: [], left: [] });
  expect(bed.scan()).toEqual(before);
});

test("what was planted where the configuration lay before is removed by its name and content", async () => {
  const bed = new UserBed();
  const configHome = join(bed.userHome, "elsewhere");
  const before = systemdUser({ hook: plainHook, userHome: bed.userHome, configHome, systemctl: noSystemctl });
  const resources = await before.resources();
  await before.install(resources);
  expect((await bed.make(plainHook).remove(resources)).left).toEqual([]);
  expect(bed.scan()).toEqual({});
});

test("a file that somebody puts there between the look and the installation stays", async () => {
  const bed = new UserBed();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  bed.write(`.config/systemd/user/${unit}`, "mine\n");
  const before = bed.scan();
  await expect(autostart.install(resources)).rejects.toMatchObject({ code: "autostart-taken" });
  expect((await autostart.remove(resources)).left).toEqual([]);
  expect(bed.scan()).toEqual(before);
});

test("what cannot be removed is named with the reason", async () => {
  const bed = new UserBed();
  const autostart = bed.make(plainHook);
  const resources = await autostart.resources();
  bed.directory(`.config/systemd/user/${unit}`);
  const path = join(bed.userHome, ".config/systemd/user", unit);
  const { left } = await autostart.remove(resources);
  expect(left).toHaveLength(1);
  expect(left[0]?.startsWith(`${path} (`)).toBe(true);
  expect(await autostart.isInstalled()).toBe(true);
});

test("a place that cannot be written to is a usage error, and nothing is left", async () => {
  const bed = new UserBed();
  const autostart = systemdSystem({ hook: plainHook, directory: "/proc/houseguest/system", systemctl: noSystemctl });
  bed.write(".config", "a file");
  const blocked = bed.make(plainHook);
  const resources = await blocked.resources();
  await expect(blocked.install(resources)).rejects.toMatchObject({ code: "autostart-denied" });
  await expect(autostart.install(await autostart.resources())).rejects.toMatchObject({ code: "autostart-denied" });
  expect(await blocked.remove(resources)).toEqual({ removed: [], left: [] });
});
