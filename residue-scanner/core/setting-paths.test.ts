import { describe, expect, it } from "vitest";

import { listedFixture, processFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
import type { Difference, ListedDifference, ProcessDifference } from "./difference.ts";
import type { CgroupFact } from "./fact.ts";
import {
  cgroupSettingPaths,
  isSeenInFull,
  membershipPaths,
  processSettingPaths,
  settingElsewhere,
  settingPaths,
} from "./setting-paths.ts";
import { pathsToAskFor } from "./touched-paths.ts";

function changedProcess(...changed: string[]): ProcessDifference {
  const after = processFixture({ pid: 42, session: 40, cgroup: "/theirs", olderCgroups: ["pids:/theirs"] });
  return { surface: "processes", key: "42@420", change: "changed", before: after, after, changed };
}

describe("where somebody sets something of a process", () => {
  it("is a file of it, and of its session where that is set", () => {
    expect(processSettingPaths(changedProcess("timerSlackNs"))).toEqual(["/proc/42/timerslack_ns"]);
    expect(processSettingPaths(changedProcess("autogroupNice"))).toEqual(["/proc/42/autogroup", "/proc/40/autogroup"]);
    expect(processSettingPaths(changedProcess("oomScoreAdjust"))).toContain("/proc/42/task/42/oom_score_adj");
    expect(processSettingPaths(changedProcess("nice"))).toEqual([]);
  });

  it("is a list of a control group, of either version", () => {
    const directoryOf = (cgroup: string) => `/groups/${cgroup}`;
    expect(membershipPaths(changedProcess("cgroup"), directoryOf)).toContain("/groups//theirs/cgroup.procs");
    expect(membershipPaths(changedProcess("olderCgroups"), directoryOf)).toContain("/groups/pids:/theirs/tasks");
    expect(membershipPaths(changedProcess("nice"), directoryOf)).toEqual([]);
    expect(membershipPaths(changedProcess("cgroup"), () => null)).toEqual([]);
  });

  it("tells who did it only where all that changed is set so", () => {
    expect(isSeenInFull(changedProcess("timerSlackNs", "stopped"))).toBe(true);
    expect(isSeenInFull(changedProcess("timerSlackNs", "nice"))).toBe(false);
    expect(isSeenInFull(changedProcess())).toBe(false);
  });
});

describe("where somebody sets something of a control group", () => {
  it("is where it is read, but for its devices, and is asked for", () => {
    expect(cgroupSettingPaths("/g", ["cpuset.cpus", "devices.list"])).toEqual([
      "/g/cpuset.cpus",
      "/g/devices.allow",
      "/g/devices.deny",
    ]);
    const group: CgroupFact = { path: "devices:/g", directory: "/g", inode: 1 };
    const changed = ["devices.list"];
    const list: Difference[] = [
      { surface: "cgroups", key: group.path, change: "changed", before: group, after: group, changed },
    ];
    const asked = pathsToAskFor({ list, crowds: [] }, snapshotFixture(), snapshotFixture());
    expect(asked).toEqual(expect.arrayContaining(["/g", "/g/devices.deny"]));
  });
});

describe("where somebody sets something else", () => {
  const changedListed = (
    parts: Partial<ListedDifference> & Pick<ListedDifference, "surface" | "key">,
  ): ListedDifference => ({
    ...{ change: "changed", before: null, after: listedFixture({ key: parts.key }), changed: [] },
    ...parts,
  });

  it("is a switch of the event, of its system or of all events, where the tracer records another one", () => {
    const tracer = (set_event: string) =>
      listedFixture({ key: "tracer /t", location: "/t", attributes: { set_event } });
    const [before, after] = [tracer("a:b"), tracer("a:b\nsched:exit")];
    const paths = settingPaths(
      changedListed({ surface: "kernel", key: "tracer /t", before, after, changed: ["set_event"] }),
    );
    expect(paths).toEqual([
      ...["/t/set_event", "/t/events/sched/exit/enable", "/t/events/sched/enable", "/t/events/enable"],
    ]);
  });

  it("is a file of the interface, below /sys or below /proc", () => {
    const changed = ["sys/queues/rx-0/rps_cpus", "ipv4/conf/proxy_arp"];
    const paths = settingPaths(changedListed({ surface: "network", key: "interface br0", changed }));
    expect(paths).toContain("/sys/class/net/br0/queues/rx-0/rps_cpus");
    expect(paths).toContain("/proc/sys/net/ipv4/conf/br0/proxy_arp");
  });

  it("goes by another name in another network namespace", () => {
    const changed = ["net.ipv4.conf.eth0/1.forwarding"];
    const paths = settingPaths(changedListed({ surface: "sysctls", key: "net:[1] settings", changed }));
    expect(paths).toEqual([settingElsewhere("/proc/sys/net/ipv4/conf/eth0.1/forwarding")]);
  });

  it("is read, too, where reading makes a disk", () => {
    expect(settingPaths(changedListed({ surface: "storage", key: "zram1" }))).toContain(
      "/sys/class/zram-control/hot_add",
    );
    expect(settingPaths(changedListed({ surface: "storage", key: "sda" }))).toEqual([]);
  });
});
