import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, scanner, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";

describe("whose a thing is that is no file, by who called the kernel for it", () => {
  const other = recordedProcess({ serial: 9, parent: 2, commandLine: "mount -t tmpfs none /mnt/other" });
  const own = recordedProcess({ serial: 10, parent: 4, commandLine: "mount -t tmpfs none /mnt/own" });
  const mounts = (...points: string[]) => ({ listed: { mounts: points.map((key) => listedFixture({ key })) } });

  it("goes by the process whose words name it, where the kind of the call is all that is known", () => {
    const acts = [act(9, "mount"), act(10, "mount")];
    const report = compare(mounts(), mounts("/mnt/own", "/mnt/other"), { came: [other, own], acts });
    expect(whose(report)).toEqual([["/mnt/own", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("is shared when one of several did it and nothing tells which", () => {
    const acts = [act(9, "mount"), act(10, "mount")];
    expect(whose(compare(mounts(), mounts("/mnt/x"), { came: [other, own], acts }))).toEqual([["/mnt/x", "shared"]]);
  });

  it("does not blame one whose words name another thing that differs", () => {
    const acts = [act(foreign, "mount"), act(10, "mount")];
    const report = compare(mounts(), mounts("/mnt/own", "/mnt/x"), { came: [own], acts });
    expect(whose(report)).toEqual([["/mnt/own", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("does not take somebody of whom no command line is known for who loaded a program that has no name", () => {
    const silent = recordedProcess({ serial: 9, parent: 2, commandLine: null });
    const loading = (by: number) => act(by, "bpf", { parameters: { command: "BPF_PROG_LOAD" } });
    const loaded = (name: string) =>
      compare(
        { listed: { kernel: [] } },
        {
          listed: {
            kernel: [listedFixture({ key: "bpf prog 70012", location: "bpf prog 70012", attributes: { name } })],
          },
        },
        { came: [silent], acts: [loading(9), loading(job)] },
      ).findings.map(({ attribution }) => attribution.to);
    expect([loaded(""), loaded("x")]).toEqual([["shared"], ["shared"]]);
  });

  it("tells two who made tables of the firewall apart by their names, which stand behind words that both say", () => {
    const making = ["left", "right"].map((name, at) =>
      recordedProcess({ serial: 9 + at, parent: at === 0 ? job : foreign, commandLine: `nft add table inet ${name}` }),
    );
    const parameters = { family: "AF_NETLINK", protocol: "NETLINK_NETFILTER" };
    const acts = making.map(({ serial }) => act(serial, "socket", { parameters }));
    const tables = ["nft table inet left", "nft table inet right"].map((key) => listedFixture({ key }));
    const report = compare({ listed: { firewall: [] } }, { listed: { firewall: tables } }, { came: making, acts });
    expect(whose(report)).toEqual([["nft table inet left", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("does not take the harness for who did it by the kind of a call alone", () => {
    expect(whose(compare(mounts(), mounts("/mnt/x"), { acts: [act(1, "mount")] }))).toEqual([["/mnt/x", "unknown"]]);
    const acts = [act(1, "mount"), act(foreign, "mount")];
    expect(compare(mounts(), mounts("/mnt/x"), { acts }).verdict).toBe("clean");
    expect(whose(compare(mounts(), mounts("/mnt/x"), { acts: [act(1, "mount"), act(job, "mount")] }))).toEqual([
      ["/mnt/x", "job"],
    ]);
  });

  it("does not take the scanner for who did it because the command that it runs stands in its own", () => {
    const running = { ...scanner, commandLine: "residue run -- sh -c 'cd /mnt/x ; job'" };
    const acts = [act(1, "mount"), act(job, "mount")];
    expect(whose(compare(mounts(), mounts("/mnt/x"), { came: [running], acts }))).toEqual([["/mnt/x", "job"]]);
  });

  it("does not take who made a mount point for who mounted", () => {
    expect(whose(compare(mounts(), mounts("/mnt/x"), { touches: { "/mnt/x": [touch(job, ["created"])] } }))).toEqual([
      ["/mnt/x", "unknown"],
    ]);
  });

  it("does not ask who failed", () => {
    const acts = [act(9, "mount"), act(10, "mount", { returned: -1 })];
    expect(compare(mounts(), mounts("/mnt/x"), { came: [other, own], acts }).verdict).toBe("clean");
  });

  it.each([
    ["ipc", "shm 5", "shmget", { returned: 5 }, { returned: 6 }],
    ["keys", "3a0000ff", "add_key", { returned: 0x3a0000ff }, { returned: 7 }],
  ] as const)("goes by the number that the kernel gave: %s", (surface, key, call, fits, fitsNot) => {
    const listed = { listed: { [surface]: [listedFixture({ key })] } };
    expect(whose(compare({}, listed, { acts: [act(job, call, fits)] }))).toEqual([[key, "job"]]);
    expect(whose(compare({}, listed, { acts: [act(job, call, fitsNot)] }))).toEqual([[key, "unknown"]]);
  });

  it("goes by who wrote to the file of a line or of a setting", () => {
    const line = listedFixture({ key: "/etc/hosts: 1.2.3.4 x", file: "/etc/hosts", location: "/etc/hosts:1" });
    const setting = listedFixture({ key: "net.x", location: "/proc/sys/net/x" });
    const after = { listed: { configuration: [line], sysctls: [setting] } };
    const touches = {
      "/etc/hosts": [touch(job, ["modified"]), touch(foreign, ["modified"])],
      "/proc/sys/net/x": [touch(job, ["modified"])],
    };
    expect(whose(compare({}, after, { touches }))).toEqual([
      ["/proc/sys/net/x", "job"],
      ["/etc/hosts:1", "shared"],
    ]);
  });

  it("goes for a setting by the run's command line that names it, and never excuses one by others'", () => {
    const after = { listed: { sysctls: [listedFixture({ key: "net.x", location: "/proc/sys/net/x" })] } };
    const setting = (parent: number) => ({
      came: [recordedProcess({ serial: 9, parent, commandLine: "sysctl -w net.x=1" })],
    });
    expect(whose(compare({}, after, setting(4)))).toEqual([["/proc/sys/net/x", "job"]]);
    expect(whose(compare({}, after, setting(2)))).toEqual([["/proc/sys/net/x", "unknown"]]);
  });

  it("goes by who wrote to a setting, whoever has a socket by which the network is set", () => {
    const valued = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: "net.x", location: "/proc/sys/net/x", attributes: { value } })] },
    });
    const route = { parameters: { family: "AF_NETLINK", protocol: "NETLINK_ROUTE" }, returned: 3 };
    const wrote = (by: number) => ({ "/proc/sys/net/x": [touch(by, ["modified"])] });
    const whoseIs = (by: number, other: number) =>
      compare(valued("1"), valued("2"), { touches: wrote(by), acts: [act(other, "socket", route)] });
    expect(whose(whoseIs(job, foreign))).toEqual([["/proc/sys/net/x", "job"]]);
    expect(whoseIs(foreign, job)).toMatchObject({ verdict: "clean", findings: [] });
  });

  it("goes by who had a loop device open to attach something, where that moved what is set of it", () => {
    const location = "/sys/block/loop4/queue/rotational";
    const set = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: location, location, attributes: { value } })] },
    });
    const opened = (by: number) =>
      compare(set("1"), set("0"), { touches: { "/dev/loop4": [touch(by, ["modified"])] } });
    expect(whose(opened(job))).toEqual([[location, "job"]]);
    expect(opened(foreign)).toMatchObject({ verdict: "clean", findings: [] });
  });
});

describe("what is set of a file system that was mounted", () => {
  const setting = listedFixture({
    key: "/sys/devices/virtual/bdi/0:57/max_ratio",
    location: "/sys/devices/virtual/bdi/0:57/max_ratio",
  });
  const mount = { ...listedFixture({ key: "mnt:[7] /x" }), device: "0:57" };
  const acts = [act(job, "mount", { apart: ["mnt"] })];

  it("is told with the mount, wherever that is seen, and else is whose call mounted something", () => {
    const unseen = compare({}, { listed: { sysctls: [setting] } }, { acts });
    expect(whose(unseen)).toEqual([[setting.location, "job"]]);
    const seen = compare({}, { listed: { sysctls: [setting], mounts: [mount] } }, { acts });
    expect(whose(seen).map(([location]) => location)).toEqual(["mnt:[7] /x"]);
    expect(excusedBy(seen)).toEqual(["told-with-device"]);
  });
});

describe("whose a thing is that is told by a file of the kernel's own", () => {
  it.each([
    ["ipc", "mq /x", { file: "/dev/mqueue/x", location: "message queue /x" }, "/dev/mqueue/x"],
    ["kernel", "tracer x", { location: "/sys/kernel/tracing/instances/x" }, "/sys/kernel/tracing/instances/x"],
    ["kernel", "format x", { location: "/b/x" }, "/b/register"],
    ["kernel", "event p:x", { location: "/t/dynamic_events: p:x" }, "/t/kprobe_events"],
  ] as const)("goes by who made it: %s %s", (surface, key, parts, path) => {
    const listed = { listed: { [surface]: [listedFixture({ key, ...parts })] } };
    // Both make such a thing at the same time; the kind of the call alone says nothing.
    const acts = [act(job, "mq_open"), act(foreign, "mq_open")];
    const made = (by: number) => ({ acts, touches: { [path]: [touch(by, ["created", "modified"])] } });
    expect(whose(compare({}, listed, made(job)))).toEqual([[parts.location, "job"]]);
    expect(compare({}, listed, made(foreign))).toMatchObject({ verdict: "clean", findings: [] });
  });

  it("takes nobody who sends through a message queue for who made it or took it away", () => {
    const queue = { listed: { ipc: [listedFixture({ key: "mq /x", file: "/dev/mqueue/x", location: "/x" })] } };
    const came = { "/dev/mqueue/x": [touch(foreign, ["created"]), touch(job, ["modified"])] };
    expect(compare({}, queue, { touches: came }).verdict).toBe("clean");
    const went = { "/dev/mqueue/x": [touch(foreign, ["modified"]), touch(job, ["deleted"])] };
    expect(whose(compare(queue, {}, { touches: went }))).toEqual([["/x", "job"]]);
  });

  it("goes by who wrote to the files of a tracer's instance what it is set to", () => {
    const set = (tracing_on: string) => ({
      listed: { kernel: [listedFixture({ key: "tracer /t", location: "/t", attributes: { tracing_on } })] },
    });
    const touches = { "/t": [touch(foreign, ["modified"])], "/t/tracing_on": [touch(job, ["modified"])] };
    expect(whose(compare(set("0"), set("1"), { touches }))).toEqual([["/t", "job"]]);
  });

  it("goes by who mounted what keeps a namespace, and not by who made the mount point", () => {
    const mount = listedFixture({ key: "/run/netns/x", location: "/run/netns/x" });
    const namespace = listedFixture({ key: "net:[5]", location: "/run/netns/x" });
    const kept = { listed: { mounts: [mount], namespaces: [namespace] } };
    const mounted = (by: number, maker: number) => ({
      acts: [act(by, "mount", { parameters: { targets: "/run/netns/x" }, returned: 0 })],
      touches: { "/run/netns/x": [touch(maker, ["created"])] },
    });
    expect(new Set(whose(compare({}, kept, mounted(job, foreign))).map(([, to]) => to))).toEqual(new Set(["job"]));
    expect(compare({}, kept, mounted(foreign, job))).toMatchObject({ verdict: "clean", findings: [] });
  });
});

describe("a mount point that shows another directory than before", () => {
  const mount = { listed: { mounts: [listedFixture({ key: "/d/m", location: "/d/m" })] } };
  const at = (ino: number) => files({ "/d": [{ name: "m", mode: 0o040755, ino }] });
  const mounted = (by: number) => ({ acts: [act(by, "mount", { parameters: { targets: "/d/m" }, returned: 0 })] });

  it("is whose the mount is", () => {
    const told = compare(at(5), { ...at(6), ...mount }, mounted(job));
    expect(new Set(whose(told).map(([, to]) => to))).toEqual(new Set(["job"]));
    expect(compare(at(5), { ...at(6), ...mount }, mounted(foreign))).toMatchObject({ verdict: "clean", findings: [] });
  });
});

describe("a loop device", () => {
  it("is whose who had its node open when several attached something to one", () => {
    const attached = (key: string) =>
      listedFixture({ key, location: `/dev/${key}`, attributes: { backing: `/i/${key}` } });
    const free = (key: string) => listedFixture({ key, location: `/dev/${key}`, attributes: { sectors: 0 } });
    const disks = ["loop4", "loop5"];
    const acts = [job, foreign].map((by) => act(by, "ioctl", { parameters: { command: "LOOP_CONFIGURE" } }));
    const touches = { "/dev/loop4": [touch(job, ["modified"])], "/dev/loop5": [touch(foreign, ["modified"])] };
    const report = compare(
      { listed: { storage: disks.map(free) } },
      { listed: { storage: disks.map(attached) } },
      { acts, touches },
    );
    expect(whose(report).filter(([, to]) => to !== "background")).toEqual([["/dev/loop4", "job"]]);
  });
});
