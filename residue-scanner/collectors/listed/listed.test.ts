import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectIpc } from "./ipc.ts";
import { collectKeys } from "./keys.ts";
import { collectMounts } from "./mounts.ts";
import { collectNetwork } from "./network.ts";
import { collectStorage } from "./storage.ts";
import { collectSysctls } from "./sysctls.ts";

function found({ facts }: ListedReading, key: string): ListedFact {
  const fact = facts.find((one) => one.key === key);
  if (fact === undefined) throw new Error(`no ${key} among ${facts.map((one) => one.key).join(", ")}`);
  return fact;
}

describe("mounts", () => {
  const table = `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 27 0:23 / /dev/shm rw - tmpfs tmpfs rw,size=8k
30 25 0:27 / /dev/shm rw - tmpfs tmpfs rw
40 27 254:0 /srv/a\\012b /mnt/new\\012line ro,nosuid - ext4 /dev/vda rw
50 27 0:4 net:[4026532000] /run/netns/x rw - nsfs nsfs rw
`;

  it("are told with what they show, one above the other apart, whatever characters they have", () => {
    const reading = collectMounts(join(recordedFiles({ mountinfo: table }), "mountinfo"));
    expect(reading.facts.map(({ key }) => key)).toEqual([
      "/",
      "/dev/shm",
      "/dev/shm (2)",
      "/mnt/new\nline",
      "/run/netns/x",
    ]);
    expect(found(reading, "/").attributes).toMatchObject({ type: "ext4", source: "/dev/vda", propagation: "shared" });
    expect(found(reading, "/mnt/new\nline")).toMatchObject({
      subject: "mount of /dev/vda (ext4) on /mnt/new\nline",
      attributes: { root: "/srv/a\nb", options: "ro,nosuid" },
    });
    expect(found(reading, "/run/netns/x").attributes).toMatchObject({ root: "net:[4026532000]" });
    expect(reading.unseen).toEqual([]);
  });

  it("that cannot be listed are not taken for none", () => {
    expect(collectMounts(join(temporaryDirectory(), "mountinfo")).unseen).not.toEqual([]);
  });
});

describe("System V IPC", () => {
  it("is told by its id, with what its maker set", () => {
    const root = recordedFiles({
      shm: `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
-1605714084          2   644                  4096  3967     0      7  1000  1000     0     0          0          0 1795322418                     0                     0
`,
      msg: "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n",
      sem: "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n         0          5   600          3     0     0     0     0          0 1795322418\n",
    });
    const reading = collectIpc(root);
    expect(reading.facts.map(({ key }) => key)).toEqual(["shm 2", "sem 5"]);
    expect(found(reading, "shm 2")).toMatchObject({
      subject: "shared memory 2, key -1605714084",
      uid: 1000,
      attributes: { perms: "644", size: "4096", cuid: "0", ctime: "1795322418" },
      show: "ipcs -m -i 2",
    });
    expect(Object.keys(found(reading, "shm 2").attributes)).not.toContain("nattch");
    expect(found(reading, "sem 5").attributes).toMatchObject({ nsems: "3" });
  });
});

describe("keys", () => {
  it("are told without what moves by itself", () => {
    const root = recordedFiles({
      keys: `031bb3b0 I--Q---     2 perm 1f3f0000     0 65534 keyring   _uid.0: empty
1a2b3c4d I--Q---     1  59m 3f010000  1000  1000 user      a name: with a colon: 12
`,
    });
    const reading = collectKeys(join(root, "keys"), 0);
    expect(reading.unseen).toEqual([]);
    expect(found(reading, "031bb3b0").subject).toBe("keyring 031bb3b0: _uid.0");
    expect(found(reading, "1a2b3c4d")).toMatchObject({
      subject: "user key 1a2b3c4d: a name: with a colon",
      uid: 1000,
      attributes: { type: "user", permissions: "3f010000", lasts: false },
    });
  });

  it("are none where the kernel keeps none", () => {
    expect(collectKeys(join(temporaryDirectory(), "keys"), 0)).toEqual({ facts: [], unseen: [] });
  });

  it("of others are not taken for none", () => {
    expect(collectKeys(join(temporaryDirectory(), "keys"), 1_000).unseen).toHaveLength(1);
  });
});

describe("storage", () => {
  it("is told with what it lies on, and what is swapped to", () => {
    const root = recordedFiles({
      "sys/block/loop0/dev": "7:0\n",
      "sys/block/loop0/size": "2048\n",
      "sys/block/loop0/ro": "0\n",
      "sys/block/loop0/loop/backing_file": "/tmp/an image (deleted)\n",
      "sys/block/loop0/loop/offset": "0\n",
      "sys/block/loop0/loop/autoclear": "1\n",
      "sys/block/dm-0/dev": "253:0\n",
      "sys/block/dm-0/size": "8\n",
      "sys/block/dm-0/ro": "1\n",
      "sys/block/dm-0/dm/name": "secret\n",
      "sys/block/dm-0/slaves/loop0/x": "",
      "proc/swaps":
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/tmp/swap                               file\t\t1020\t\t0\t\t-2\n",
    });
    const reading = collectStorage({ sys: join(root, "sys"), proc: join(root, "proc") });
    expect(found(reading, "loop0")).toMatchObject({
      subject: "block device loop0, which lies in /tmp/an image (deleted)",
      attributes: { backing: "/tmp/an image (deleted)", sectors: 2048, readOnly: false },
    });
    expect(found(reading, "dm-0").attributes).toMatchObject({ mapping: "secret", liesOn: ["loop0"], readOnly: true });
    expect(found(reading, "swap /tmp/swap").attributes).toEqual({ type: "file", kilobytes: 1020, priority: -2 });
  });
});

describe("settings of the kernel", () => {
  it("are told by their names; what moves by itself is marked, and what belongs to an interface is told with that", () => {
    const root = recordedFiles({
      "vm/swappiness": "60\n",
      "fs/file-nr": "1\t0\t9\n",
      "net/ipv4/conf/all/forwarding": "0\n",
      "net/ipv4/conf/eth0.7/forwarding": "1\n",
      "kernel/a.b": "x\n",
    });
    const reading = collectSysctls(root);
    expect(reading.facts.map(({ key }) => key).sort()).toEqual([
      "fs.file-nr",
      "kernel.a/b",
      "net.ipv4.conf.all.forwarding",
      "vm.swappiness",
    ]);
    expect(found(reading, "vm.swappiness")).toMatchObject({
      attributes: { value: "60" },
      show: "sysctl vm.swappiness",
    });
    expect(found(reading, "vm.swappiness").isCounter).toBeUndefined();
    expect(found(reading, "fs.file-nr").isCounter).toBe(true);
  });
});

describe("the network", () => {
  const none = "00000000000000000000000000000000";
  const files = {
    "sys/class/net/eth0.7/ifindex": "4\n",
    "sys/class/net/eth0.7/address": "02:fc:00:00:00:01\n",
    "sys/class/net/eth0.7/mtu": "1500\n",
    "sys/class/net/eth0.7/flags": "0x1003\n",
    "sys/class/net/eth0.7/ifalias": "\n",
    "sys/class/net/bonding_masters": "\n",
    "proc/sys/net/ipv4/conf/eth0.7/forwarding": "1\n",
    "proc/net/fib_trie":
      "Main:\n     |-- 192.0.2.2\n        /32 host LOCAL\nLocal:\n     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n",
    "proc/net/if_inet6": "fd000000000000000000000000000002 04 40 00 82   eth0.7\n",
    "proc/net/route":
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\neth0.7\t00000000\t010200C0\t0003\t0\t7\t100\t00000000\t0\t0\t0\n*\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
    "proc/net/ipv6_route": `fd000000000000000000000000000000 40 ${none} 00 ${none} 00000100 00000001 00000000 00000001   eth0.7
fd000000000000000000000000000002 80 ${none} 00 ${none} 00000000 00000006 00000000 80200001   eth0.7
${none} 00 ${none} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003   eth0.7
`,
    "proc/net/arp":
      "IP address       HW type     Flags       HW address            Mask     Device\n192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0.7\n192.0.2.9        0x1         0x6         02:fc:00:00:00:09     *        eth0.7\n",
  };
  const readRecorded = (): ListedReading => {
    const root = recordedFiles(files);
    return collectNetwork({
      sys: join(root, "sys"),
      proc: join(root, "proc"),
      passing: new Set(["address 192.0.2.2"]),
    });
  };

  it("is its interfaces, addresses, routes and neighbours, as far as somebody set them", () => {
    const reading = readRecorded();
    expect(reading.facts.map(({ key }) => key)).toEqual([
      "interface eth0.7",
      "address 192.0.2.2",
      "address fd00::2/64 on eth0.7",
      "route 0.0.0.0/0 dev eth0.7 via 192.0.2.1 metric 100",
      "route 198.51.100.0/24 dev * via 0.0.0.0 metric 0",
      "route fd00::/64 dev eth0.7 via :: metric 256",
      "neighbour 192.0.2.9 dev eth0.7",
    ]);
    expect(reading.unseen).toEqual([]);
  });

  it("tells which addresses have a lifetime", () => {
    expect(found(readRecorded(), "address 192.0.2.2").attributes).toEqual({ passes: true });
    expect(found(readRecorded(), "address fd00::2/64 on eth0.7").attributes).toEqual({ device: "eth0.7" });
  });

  it("tells an interface with its settings", () => {
    expect(found(readRecorded(), "interface eth0.7").attributes).toMatchObject({
      address: "02:fc:00:00:00:01",
      flags: ["up", "multicast"],
      alias: "",
      "ipv4/conf/forwarding": "1",
    });
  });
});
