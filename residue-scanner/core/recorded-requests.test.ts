import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, job, type Told, whose } from "../testing/recorded-comparison.ts";
import type { RecordedProcess } from "./recording.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture, processFixture } from "../testing/snapshot-fixture.ts";

describe("what a daemon did at somebody's request", () => {
  const line = (file: string, text: string) => ({ key: `${file}: ${text}`, file, line: 1, text, user: "root" });
  const spool = "/var/spool/cron/crontabs/root";
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
  const shell = recordedProcess({
    serial: 20,
    parent: 3,
    executable: "/bin/sh",
    commandLine: "/bin/sh -c touch '/d/x'",
    fromMs: 1_500,
  });
  const child = recordedProcess({ serial: 21, parent: 20, commandLine: "touch /d/x", fromMs: 1_501 });
  const done = { "/d/x": [touch(21, ["created"], 1_600)] };

  it("is the job's who put the line into the crontab", () => {
    const installed = { ...after, crontabs: [line(spool, "* * * * * touch '/d/x'")] };
    const report = compare(before, installed, {
      came: [shell, child],
      touches: { ...done, [spool]: [touch(job, ["moved-to"])] },
    });
    expect(whose(report)).toEqual([
      [`${spool}:1`, "job"],
      ["/d/x", "job"],
    ]);
    expect(report.findings[1]?.attribution.evidence[0]).toEqual({
      kind: "request",
      detail: expect.stringContaining(
        "line 1 of /var/spool/cron/crontabs/root asks for it (* * * * * touch '/d/x'), which process 104 (/bin/sh) wrote",
      ) as string,
    });
  });

  it("is the job's who took the line away again", () => {
    const touches = { ...done, "/var/spool/cron/crontabs": [touch(job, ["modified"])] };
    expect(whose(compare(before, after, { came: [shell, child], touches }))).toEqual([["/d/x", "job"]]);
  });

  it("is the host's own when the line was there before, whatever the job put beside it", () => {
    const crontabs = [line("/etc/crontab", "* * * * * root touch '/d/x'")];
    const others = [line(spool, "* * * * * touch /d/y")];
    const report = compare(
      { ...before, crontabs },
      { ...after, crontabs: [...crontabs, ...others] },
      { came: [shell, child], touches: { ...done, [spool]: [touch(job, ["moved-to"])] } },
    );
    expect(whose(report)).toEqual([[`${spool}:1`, "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("is shared where the job's request was read when the daemon had begun already, and not what was put there later", () => {
    const atd = recordedProcess({ serial: 30, pid: 90, parent: null, isOlder: true, executable: "/usr/sbin/atd" });
    const worker = recordedProcess({ serial: 31, parent: 30, commandLine: "sh", fromMs: 1_500 });
    const put = (...atMs: readonly number[]): Told => ({
      came: [atd, worker],
      touches: {
        "/d/x": [touch(31, ["created"], 2_600)],
        ...Object.fromEntries(
          atMs.map((each) => [`/var/spool/cron/atjobs/${each}`, [touch(job, ["created"], each)]] as const),
        ),
      },
    });
    for (const atMs of [1_501, 1_560, 1_990]) {
      expect(whose(compare(before, after, put(atMs)))).toEqual([["/d/x", "shared"]]);
    }
    expect(compare(before, after, put(2_500)).verdict).toBe("clean");
    // One that was there in time says it alone, whatever came after it.
    expect(whose(compare(before, after, put(1_400)))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, put(1_400, 1_560)))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, put(1_560, 1_400)))).toEqual([["/d/x", "job"]]);
  });

  it("is shared where the unit that the job put was read late, and the job's where its client asked in time", () => {
    const older = { pid: 90, parent: null, isOlder: true, executable: "/usr/lib/systemd/systemd" };
    const systemd = recordedProcess({ serial: 30, ...older });
    const cgroup = "/system.slice/z.service";
    const started = recordedProcess({ serial: 31, parent: 30, commandLine: "/usr/sbin/z", cgroup, fromMs: 1_500 });
    const commandLine = "systemctl start z";
    const ctl = { executable: "/usr/bin/systemctl", commandLine, fromMs: 1_450 };
    const whom = (unit: string, came: readonly RecordedProcess[] = []) => {
      const placed = { [`/usr/lib/systemd/system/${unit}`]: [touch(job, ["created"], 1_900)] };
      const touches = { "/d/x": [touch(31, ["created"], 2_600)], ...placed };
      return whose(compare(before, after, { came: [systemd, started, ...came], touches })).map(([, to]) => to);
    };
    expect(whom("hello.service")).toEqual(["shared"]);
    expect(whom("z.service")).toEqual(["shared"]);
    expect(whom("z.service", [recordedProcess({ serial: 32, parent: job, ...ctl })])).toEqual(["job"]);
    expect(whom("z.service", [recordedProcess({ serial: 32, parent: 2, ...ctl })])).toEqual(["shared"]);
  });

  it("is the host's own when nobody of the run asked for anything", () => {
    const report = compare(before, after, { came: [shell, child], touches: done });
    expect(report.verdict).toBe("clean");
    expect(report.excused[0]?.examples[0]).toContain("nothing of the run had asked it for anything");
  });

  it("is the job's whose client waited for the daemon, and shared with another whose client did too", () => {
    const dockerd = recordedProcess({
      serial: 30,
      pid: 90,
      parent: null,
      isOlder: true,
      executable: "/usr/bin/dockerd",
    });
    const client = { executable: "/usr/bin/docker", commandLine: "docker volume create x", fromMs: 1_200 };
    const ours = recordedProcess({ ...client, serial: 31, parent: 4, toMs: 1_900 });
    const theirs = recordedProcess({ ...client, serial: 32, parent: 2, toMs: 1_900 });
    const ended = { ...theirs, toMs: 1_300 };
    const touches = { "/d/x": [touch(30, ["created"], 1_600)] };
    expect(whose(compare(before, after, { came: [dockerd, ours], touches }))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, { came: [dockerd, ours, ended], touches }))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, { came: [dockerd, ours, theirs], touches }))).toEqual([["/d/x", "shared"]]);
    expect(compare(before, after, { came: [dockerd, theirs], touches }).verdict).toBe("clean");
    // It got its answer, and the event was read after that; or the daemon went on for the other.
    const answered = { ...ours, toMs: 1_590 };
    expect(whose(compare(before, after, { came: [dockerd, answered, theirs], touches }))).toEqual([["/d/x", "shared"]]);
    const long = { "/d/x": [touch(30, ["created"], 1_250, 1_800)] };
    const early = { ...ours, toMs: 1_270 };
    const report = compare(before, after, { came: [dockerd, early, theirs], touches: long });
    expect(whose(report)).toEqual([["/d/x", "shared"]]);
  });

  it("is shared where the job's client had just left it to do that, whoever of others waits meanwhile", () => {
    const older = { pid: 90, parent: null, isOlder: true, executable: "/usr/bin/dockerd" };
    const dockerd = recordedProcess({ serial: 30, ...older });
    const client = (serial: number, parent: number, fromMs: number, toMs: number) =>
      recordedProcess({ serial, parent, executable: "/usr/bin/docker", commandLine: "docker run -d x", fromMs, toMs });
    const whom = (came: readonly RecordedProcess[], firstMs: number, lastMs = firstMs) => {
      const touches = { "/d/x": [touch(30, ["created"], firstMs, lastMs)] };
      return whose(compare(before, after, { came: [dockerd, ...came], touches })).map(([, to]) => to);
    };
    const [ours, theirs] = [client(31, job, 1_100, 2_100), client(32, 2, 2_950, 3_100)];
    expect(whom([ours, theirs], 3_000, 3_400)).toEqual(["shared"]);
    expect(whom([ours, theirs], 3_000)).toEqual(["shared"]);
    // Long ago is another thing.
    expect(whom([ours, client(32, 2, 5_150, 5_300)], 5_200)).toEqual([]);
    // And where nobody waits, the job's that has ended says no more than others'.
    expect(whom([ours, client(32, 2, 2_150, 2_200)], 2_300)).toEqual(["shared"]);
  });
});

describe("what a daemon did long after somebody had asked it for something", () => {
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
  const hourMs = 3_600_000;
  const daemonOf = (executable: string) =>
    recordedProcess({ serial: 30, pid: 90, parent: null, isOlder: true, executable, commandLine: executable });
  const clientOf = (executable: string, commandLine: string) =>
    recordedProcess({ serial: 31, parent: job, executable, commandLine, fromMs: 1_200, toMs: 1_300 });
  const startedAt = (fromMs: number, cgroup = "/system.slice/z.service") =>
    recordedProcess({ serial: 32, parent: 30, commandLine: "/usr/bin/z --all", cgroup, fromMs });
  const touchedAt = (atMs: number) => ({ "/d/x": [touch(32, ["created"], atMs)] });
  const to = (came: readonly RecordedProcess[], atMs: number, more: Told = {}) => {
    const report = compare(before, after, { came, ...more, touches: { ...touchedAt(atMs), ...more.touches } });
    return report.findings.filter(({ location }) => location === "/d/x").map(({ attribution }) => attribution.to);
  };

  it("is the client's within 3 s of its end, and then may be others' as well", () => {
    const came = (atMs: number) => [
      daemonOf("/lib/systemd/systemd"),
      clientOf("/bin/systemctl", "systemctl daemon-reload"),
      startedAt(atMs),
    ];
    expect(to(came(4_200), 4_200)).toEqual(["job"]);
    expect(to(came(hourMs), hourMs)).toEqual(["shared"]);
  });

  it.each([
    ["named its unit", "systemctl enable --now z"],
    ["named its command", "systemd-run --on-active=1h /usr/bin/z --all"],
  ])("stays the job's whose client %s", (_, commandLine) => {
    const client = clientOf("/bin/systemctl", commandLine);
    expect(to([daemonOf("/lib/systemd/systemd"), client, startedAt(hourMs)], hourMs)).toEqual(["job"]);
  });

  it("stays the job's where it is the unit that the job had put there, and no other", () => {
    const came = [daemonOf("/lib/systemd/systemd"), startedAt(hourMs)];
    const put = (name: string): Told => ({
      touches: { [`/etc/systemd/system/${name}`]: [touch(job, ["created", "modified"])] },
    });
    expect(to(came, hourMs, put("z.service"))).toEqual(["job"]);
    expect(to(came, hourMs, put("z.timer"))).toEqual(["job"]);
    expect(to(came, hourMs, put("y.service"))).toEqual(["shared"]);
  });

  it("stays the job's where it was due later: at(1), and a line of a crontab that is gone again", () => {
    const client = clientOf("/usr/bin/at", "at now + 1 hour");
    expect(to([daemonOf("/usr/sbin/atd"), client, startedAt(hourMs)], hourMs)).toEqual(["job"]);
    const touches = { "/var/spool/cron/crontabs": [touch(job, ["modified"])] };
    expect(to([daemonOf("/usr/sbin/cron"), startedAt(hourMs)], hourMs, { touches })).toEqual(["job"]);
  });

  it("is nothing of a client's that has to stay connected", () => {
    const client = clientOf("/usr/bin/ssh", "ssh git@example.org");
    const came = (atMs: number) => [daemonOf("/usr/sbin/sshd"), client, startedAt(atMs)];
    expect(to(came(1_250), 1_250)).toEqual(["job"]);
    expect(to(came(hourMs), hourMs)).toEqual([]);
    // Not even shortly after it ended, where others' waits.
    const theirs = recordedProcess({
      ...client,
      serial: 33,
      parent: 2,
      commandLine: "ssh h",
      fromMs: 1_400,
      toMs: null,
    });
    expect(to([...came(1_500), theirs], 1_500)).toEqual([]);
    expect(to([...came(1_280), { ...theirs, fromMs: 1_250 }], 1_280)).toEqual(["shared"]);
  });

  it.each([
    ["another host", "203.0.113.9", []],
    ["this host by its address", "192.0.2.7", ["job"]],
    ["this host by its loopback", "127.0.1.1", ["job"]],
  ])("is a login client's that had connected to %s: %s", (_, address, whom) => {
    const client = clientOf("/usr/bin/ssh", "ssh git@example.org");
    const acts = [act(31, "tcp connection", { parameters: { port: "22", address }, returned: null })];
    const listed = { network: [listedFixture({ key: "address 192.0.2.7/24 on eth0" })] };
    const came = [daemonOf("/usr/sbin/sshd"), client, startedAt(1_250)];
    const told = { came, acts, touches: touchedAt(1_250) };
    const report = compare({ ...before, listed }, { ...after, listed }, told);
    expect(report.findings.map(({ attribution }) => attribution.to)).toEqual(whom);
  });
});

describe("what was done on a terminal of tmux(1) that was there before", () => {
  const server = recordedProcess({ serial: 30, parent: null, isOlder: true, executable: "/usr/bin/tmux" });
  const shell = recordedProcess({ serial: 31, parent: null, isOlder: true, executable: "/bin/sh" });
  const client = recordedProcess({ serial: 32, parent: job, executable: "/usr/bin/tmux", fromMs: 1_200, toMs: 1_250 });
  const [one, own] = [server, shell].map(({ pid, startTime }) =>
    processFixture({ pid, startTime: String(startTime), parent: server.pid }),
  );
  const processes = [one, own].flatMap((each) => each ?? []);
  const [before, after] = [
    { ...files({ "/d": [] }), processes },
    { ...files({ "/d": ["x"] }), processes },
  ];
  const whom = (told: Partial<Told>, by = shell.serial) => {
    const touches = { "/d/x": [touch(by, ["created"], 1_300)] };
    const report = compare(before, after, { touches, ...told, came: [server, shell, ...(told.came ?? [])] });
    return report.findings.map(({ attribution }) => attribution.to);
  };

  it("is the job's who typed there, by the shell or by what that started", () => {
    const child = recordedProcess({ serial: 33, parent: shell.serial, fromMs: 1_290 });
    expect(whom({ came: [client] })).toEqual(["job"]);
    expect(whom({ came: [client, child] }, child.serial)).toEqual(["job"]);
    expect(whom({})).toEqual([]);
  });

  it("is others' where the job spoke with a server of its own, or started one", () => {
    const first = recordedProcess({ serial: 36, parent: job, executable: "/usr/bin/tmux", fromMs: 1_150, toMs: 1_160 });
    const another = recordedProcess({ serial: 34, parent: first.serial, executable: "/usr/bin/tmux", fromMs: 1_155 });
    const acts = [act(client.serial, "unix message", { parameters: { asked: "34" } })];
    expect(whom({ came: [client, first, another], acts })).toEqual([]);
    const both = [...acts, act(client.serial, "unix message", { parameters: { asked: String(server.serial) } })];
    expect(whom({ came: [client, first, another], acts: both })).toEqual(["job"]);
    const begun = recordedProcess({ serial: 35, parent: client.serial, executable: "/usr/bin/tmux" });
    expect(whom({ came: [client, begun] })).toEqual([]);
    // It forks twice, and whoever is between may have ended before anybody could read what it runs.
    const between = recordedProcess({ serial: 37, parent: client.serial, executable: null, commandLine: null });
    expect(whom({ came: [client, between, { ...begun, parent: between.serial }] })).toEqual([]);
  });
});
