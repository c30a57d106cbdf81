import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { planMounts, readMounts } from "./mounts.ts";

const table = `22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw
25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:27 / /dev/shm rw - tmpfs tmpfs rw
40 27 254:0 /srv/data /mnt/bind\\040mount rw - ext4 /dev/vda rw
41 27 0:50 / /mnt/far rw - nfs4 server:/ rw
42 27 0:51 / /mnt/user rw - fuse.sshfs host:/ rw
43 27 7:0 / /snap/x/1 ro - squashfs /dev/loop0 ro
44 27 8:1 /inner /mnt/part rw - xfs /dev/sda1 rw
45 27 8:1 / /mnt/whole rw - xfs /dev/sda1 rw
`;

/** What the plan does not look at. */
const details = { source: "none", options: "rw", superOptions: "rw", propagation: "" };

function mounts() {
  const path = join(temporaryDirectory(), "mountinfo");
  writeFileSync(path, table);
  return readMounts(path);
}

describe("the plan of what to walk", () => {
  it("takes every file system once and names those that it leaves out", () => {
    const plan = planMounts(mounts(), null);
    expect([...plan.roots].sort()).toEqual(["/", "/dev", "/dev/shm", "/mnt/whole"]);
    expect(plan.notRead).toEqual([
      { point: "/mnt/far", type: "nfs4" },
      { point: "/mnt/user", type: "fuse.sshfs" },
    ]);
  });

  it("never crosses a mount point by itself, with blanks in its name or not", () => {
    const { mountPoints } = planMounts(mounts(), null);
    expect(mountPoints).toContain("/mnt/bind mount");
    expect(mountPoints).toContain("/proc");
    expect(mountPoints).toContain("/snap/x/1");
  });

  it("reads what is mounted below the directories that were asked for", () => {
    expect([...planMounts(mounts(), ["/dev"]).roots].sort()).toEqual(["/dev", "/dev/shm"]);
    expect(planMounts(mounts(), ["/mnt"]).notRead).toHaveLength(2);
    expect(planMounts(mounts(), ["/home"]).roots).toEqual(["/home"]);
  });

  it("reads a directory once that was asked for together with one above it", () => {
    const asked = ["/srv/a/b", "/srv/a", "/dev/shm/x", "/dev", "/srv/ab"];
    expect([...planMounts(mounts(), asked).roots].sort()).toEqual(["/dev", "/dev/shm", "/srv/a", "/srv/ab"]);
    expect(planMounts(mounts(), ["/usr", "/"]).roots).not.toContain("/usr");
  });

  it("leaves out a mount that another one hides", () => {
    const hidden = [
      ...mounts(),
      { id: 60, parentId: 27, device: "0:60", root: "/", point: "/mnt", type: "tmpfs", ...details },
    ];
    const { roots, notRead } = planMounts(hidden, null);
    expect([...roots].sort()).toEqual(["/", "/dev", "/dev/shm", "/mnt"]);
    expect(notRead).toEqual([]);
  });

  it.each([
    ["/proc/cpuinfo", "fuse.lxcfs"],
    ["/sys/devices/system/cpu", "fuse.lxcfs"],
    ["/sys/fs/fuse/view", "fuse"],
    ["/var/lib/lxcfs", "fuse.lxcfs"],
    ["/run/user/1000/doc", "fuse.portal"],
    ["/run/user/1000/gvfs", "fuse.gvfsd-fuse"],
  ])("takes %s (%s) for a view and not for storage", (point, type) => {
    const view = { id: 60, parentId: 27, device: "0:60", root: "/", point, type, ...details };
    const { roots, notRead, mountPoints } = planMounts([...mounts(), view], null);
    expect(notRead.map((left) => left.point)).toEqual(["/mnt/far", "/mnt/user"]);
    expect(roots).not.toContain(point);
    expect(mountPoints).toContain(point);
  });

  it.each(["fuse", "fuse.sshfs", "fuseblk", "virtiofs", "9p", "nfs4"])(
    "names storage of type %s as not read",
    (type) => {
      const storage = { id: 60, parentId: 27, device: "0:60", root: "/", point: "/srv/far", type, ...details };
      expect(planMounts([...mounts(), storage], null).notRead).toContainEqual({ point: "/srv/far", type });
    },
  );

  it("reads what lies in memory below /sys, where files can be kept", () => {
    const memory = {
      id: 60,
      parentId: 27,
      device: "0:60",
      root: "/",
      point: "/sys/fs/cgroup",
      type: "tmpfs",
      ...details,
    };
    expect(planMounts([...mounts(), memory], null).roots).toContain("/sys/fs/cgroup");
  });

  it("names what mounts cover on the file systems that it reads, each once, and what can be reached only", () => {
    const { covered } = planMounts(mounts(), null);
    expect(covered.map(({ path, mountPoint }) => `${path} on ${mountPoint}`).sort()).toEqual([
      "/dev on /",
      "/dev/shm on /dev",
      "/mnt/bind mount on /",
      "/mnt/far on /",
      "/mnt/part on /",
      "/mnt/user on /",
      "/mnt/whole on /",
      "/proc on /",
      "/snap/x/1 on /",
    ]);
    expect(
      planMounts(mounts(), ["/mnt/bind mount", "/dev/shm"])
        .covered.map(({ path }) => path)
        .sort(),
    ).toEqual(["/dev/shm", "/mnt/bind mount"]);
  });

  it("is the whole root where there is no mount table", () => {
    expect(planMounts(readMounts("/no/such/table"), null).roots).toEqual(["/"]);
  });

  it.runIf(process.platform === "linux")("has nothing of a process that has ended and was not collected", async () => {
    // The program into which its parent turns never asks for the child, which ends after that.
    const script = "cat <&3 & echo $!; exec 3<&-; exec sleep 600";
    const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore", "pipe"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [pid] = await once((parent.stdout as Readable).setEncoding("utf8"), "data");
    const ended = String(pid).trim();
    const says = (file: string, text: string) =>
      vi.waitFor(() => expect(readFileSync(`/proc/${file}`, "latin1")).toContain(text), { timeout: 60_000 });
    await says(`${parent.pid}/comm`, "sleep");
    (parent.stdio[3] as Writable).end();
    await says(`${ended}/stat`, ") Z ");
    expect(readMounts(`/proc/${ended}/mountinfo`)).toEqual([]);
  });

  it("takes a directory that is bound onto itself for what it is without that, and what stands on it for its own", () => {
    const bound = `27 1 254:0 / / rw - ext4 /dev/vda rw
50 27 254:0 /srv/engine /srv/engine rw - ext4 /dev/vda rw
51 50 0:60 / /srv/engine/run rw - tmpfs none rw
52 27 254:0 /srv/other /srv/moved rw - ext4 /dev/vda rw
53 27 0:61 / /mnt rw - tmpfs none rw
54 53 0:61 /a /mnt/a rw - tmpfs none rw
55 27 0:62 / /opt/x/in rw - tmpfs none rw
56 27 254:0 /opt/x /opt/x rw - ext4 /dev/vda rw
`;
    const path = join(temporaryDirectory(), "mountinfo");
    writeFileSync(path, bound);
    const { roots, mountPoints, covered } = planMounts(readMounts(path), null);
    expect([...roots].sort()).toEqual(["/", "/mnt", "/srv/engine/run"]);
    expect([...mountPoints].sort()).toEqual(["/", "/mnt", "/opt/x", "/srv/engine/run", "/srv/moved"]);
    // The last one hides what was mounted below it before.
    expect(covered.map((one) => one.path).sort()).toEqual(["/mnt", "/opt/x", "/srv/engine/run", "/srv/moved"]);
  });
});
