import { describe, expect, it } from "vitest";

import { packTree } from "../testing/packed-tree-fixture.ts";
import { listedFixture, processFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
import { differencesBetween } from "./difference.ts";
import { atOnce } from "./steps.ts";
import { indexTree } from "./packed-tree.ts";
import { removalOf } from "./removal.ts";
import type { Snapshot } from "./snapshot.ts";

function removals(before: Partial<Snapshot>, after: Partial<Snapshot>): (string | null)[] {
  return atOnce(differencesBetween(snapshotFixture(before), snapshotFixture(after))).list.map((difference) => {
    return removalOf(difference, (file) => file === "/new");
  });
}

const files = (directories: Parameters<typeof packTree>[0]) => ({ files: indexTree(packTree(directories)) });
const line = (user: string | null, file: string) => ({
  crontabs: [{ key: `${file}: * * * * * it's`, file, line: 3, text: "* * * * * it's", user }],
});
const crontabLine = "'/^[[:space:]]*\\* \\* \\* \\* \\* it'\\''s[[:space:]]*$/d'";
const configured = (file: string, text: string, which = "") => ({
  listed: {
    configuration: [
      listedFixture({ key: `${file}: ${text}${which}`, file, location: `${file}:7`, attributes: { line: text } }),
    ],
  },
});

describe("the command that would remove a finding", () => {
  it("takes away what came, by a name that the shell reads as it is", () => {
    const came = files({ "/d": ["it's", { name: "e", mode: 0o040755 }, { name: "held", flags: 0x10 }] });
    expect(removals(files({ "/d": [] }), came)).toEqual([
      "rm -r -- /d/e",
      "chattr -ia -- /d/held && rm -- /d/held",
      "rm -- '/d/it'\\''s'",
    ]);
  });

  it("puts attributes back, and has no command for contents or for what is gone", () => {
    const before = files({ "/d": ["gone", { name: "a", mode: 0o100755 }, { name: "f" }, { name: "c", size: 1 }] });
    const after = files({
      "/d": [
        { name: "a", mode: 0o104777 },
        { name: "f", flags: 0x10 },
        { name: "c", size: 2 },
      ],
    });
    expect(removals(before, after)).toEqual(["chmod 755 -- /d/a", null, "chattr -i -- /d/f", null]);
  });

  it.each<[string, Partial<Snapshot>, string | null]>([
    ["a process", { processes: [processFixture({ pid: 9 })] }, "kill 9"],
    [
      "a user's crontab line",
      line("nobody", "/spool/nobody"),
      `crontab -u nobody -l | sed ${crontabLine} | crontab -u nobody -`,
    ],
    ["one of a crontab that came with it", line("nobody", "/new"), "crontab -u nobody -r"],
    ["the system's", line(null, "/etc/cron.d/x"), `sed -i ${crontabLine} /etc/cron.d/x`],
    ["one of a file that came with it", line(null, "/new"), "rm -f -- /new"],
    [
      "a hierarchy of cgroups that is mounted nowhere",
      { cgroups: [...snapshotFixture().cgroups, { path: "name=x:/", directory: "/proc/self/cgroup", inode: 0 }] },
      null,
    ],
    [
      "a cgroup",
      { cgroups: [...snapshotFixture().cgroups, { path: "/x", directory: "/sys/fs/cgroup/x", inode: 2 }] },
      "rmdir /sys/fs/cgroup/x",
    ],
    ["a mount", { listed: { mounts: [listedFixture({ key: "/mnt/x" })] } }, "umount /mnt/x"],
    ["a queue", { listed: { ipc: [listedFixture({ key: "msg 4" })] } }, "ipcrm -q 4"],
    ["a key", { listed: { keys: [listedFixture({ key: "3a00" })] } }, "keyctl invalidate 0x3a00"],
    ["swap", { listed: { storage: [listedFixture({ key: "swap /s", location: "/s" })] } }, "swapoff /s"],
    [
      "a line",
      configured("/etc/hosts", "1.2.3.4 a/b"),
      "sed -i '/^[[:space:]]*1\\.2\\.3\\.4 a\\/b[[:space:]]*$/d' /etc/hosts",
    ],
    ["a line of a new file", configured("/new", "x"), "rm -f -- /new"],
    [
      "a line that was there before as well",
      configured("/etc/hosts", "x", " (2)"),
      "sed -i '7{/^[[:space:]]*x[[:space:]]*$/d}' /etc/hosts",
    ],
    [
      "a line with a secret",
      configured("/etc/shadow", "al:(digest 0123456789abcdef)"),
      "sed -i '7{/^[[:space:]]*al:/d}' /etc/shadow",
    ],
    [
      "a route that goes nowhere",
      { listed: { network: [listedFixture({ key: "route 192.0.2.0/24 x", attributes: { device: "*" } })] } },
      "ip route delete 192.0.2.0/24",
    ],
    [
      "a format of programs",
      {
        listed: {
          sysctls: [listedFixture({ key: "fs.binfmt_misc.$(id)", location: "/proc/sys/fs/binfmt_misc/$(id)" })],
        },
      },
      "echo -1 > '/proc/sys/fs/binfmt_misc/$(id)'",
    ],
    ["an interface", { listed: { network: [listedFixture({ key: "interface br0" })] } }, "ip link delete dev br0"],
  ])("is known for %s", (_, after, command) => {
    expect(removals({}, after)).toEqual([command]);
  });

  it("sets a setting to what it was", () => {
    const setting = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: "vm.x", attributes: { value } })] },
    });
    expect(removals(setting("1 2"), setting("3 4"))).toEqual(["sysctl -w 'vm.x=1 2'"]);
    const knob = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: "/sys/x y", attributes: { value } })] },
    });
    expect(removals(knob("128"), knob("129"))).toEqual(["echo 128 > '/sys/x y'"]);
    expect(removals(knob("a [b] c"), knob("[a] b c"))).toEqual(["echo b > '/sys/x y'"]);
  });
});
