import { describe, expect, it } from "vitest";

import { Lineage } from "./lineage.ts";

const details = { startTime: "77", executable: "/usr/bin/agent", commandLine: "agent", cgroup: "/a" };

function lineage(options: { processesMax?: number; idleEndedMax?: number } = {}): Lineage {
  const made = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100, ...options });
  made.wasThere(10, details, 100);
  made.listedNs = 100;
  return made;
}

const fork = (from: Lineage, parent: number, pid: number, atNs: number, thread = pid): void =>
  from.fork({ parent, pid, thread, atNs });
const exit = (from: Lineage, pid: number, atNs: number, thread = pid): void => from.exit({ pid, thread, atNs });
/** Pids from a process up to the oldest that is known. */
function line(from: Lineage, serial: number): number[] {
  const processes = from.processes();
  const pids: number[] = [];
  for (let at = processes.get(serial); at !== undefined; at = processes.get(at.parent ?? -1)) pids.push(at.pid);
  return pids;
}

describe("lineage", () => {
  it("keeps who crashed, of whom is asked by the time alone, when others are forgotten", () => {
    const processes = lineage({ idleEndedMax: 1 });
    for (const pid of [20, 21, 22, 23]) fork(processes, 10, pid, 110);
    exit(processes, 20, 120);
    processes.exit({ pid: 21, thread: 21, atNs: 121, dumped: true });
    for (const pid of [22, 23]) exit(processes, pid, 122);
    const kept = [...processes.processes().values()];
    expect(kept.map(({ pid }) => pid)).not.toContain(20);
    expect(kept.filter(({ dumped }) => dumped === true)).toMatchObject([{ pid: 21 }]);
  });

  it("leads from a daemon that forked twice to whoever started it, although all between have ended", () => {
    const processes = lineage({ idleEndedMax: 1 });
    fork(processes, 10, 20, 110);
    fork(processes, 20, 21, 120);
    fork(processes, 21, 22, 130);
    exit(processes, 20, 140);
    exit(processes, 21, 150);
    for (let pid = 30; pid < 40; pid += 1) {
      fork(processes, 10, pid, 200);
      exit(processes, pid, 210);
    }
    const serial = processes.actor(22, { sinceNs: 0 }, 300);
    const of = (pid: number) => processes.serialAt(pid, 300) ?? 0;
    expect([of(10), of(22), of(39)].map((one) => processes.comesFrom(serial, one))).toEqual([true, true, false]);
    expect(processes.comesFrom(of(10), serial)).toBe(false);
    expect(line(processes, serial)).toEqual([22, 21, 20, 10]);
    expect(processes.processes().get(serial)).toMatchObject({ isOlder: false, fromMs: 130, toMs: null });
  });

  it("tells apart who had a pid one after the other, by what is known of the time", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    exit(processes, 20, 120);
    fork(processes, 10, 30, 125);
    fork(processes, 30, 20, 130);
    expect(line(processes, processes.serialAt(20, 115) ?? 0)).toEqual([20, 10]);
    expect(line(processes, processes.serialAt(20, 135) ?? 0)).toEqual([20, 30, 10]);
    expect(processes.ambiguous).toBe(0);
    expect(line(processes, processes.actor(20, { sinceNs: 121 }, 140))).toEqual([20, 30, 10]);
    expect(processes.ambiguous).toBe(0);
  });

  it("tells who had a pid before also when somebody asked of later times, until nobody may ask any more", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    const first = processes.serialAt(20, 115);
    exit(processes, 20, 120);
    fork(processes, 10, 20, 130);
    const second = processes.actor(20, { sinceNs: 125 }, 140);
    expect(second).not.toBe(first);
    expect(processes.serialAt(20, 115)).toBe(first);
    exit(processes, 20, 150);
    processes.horizonNs = 140;
    fork(processes, 10, 20, 160);
    // Whose that was is not kept, and it was none of those who came later.
    expect(processes.serialAt(20, 115)).toBeNull();
    expect(processes.serialAt(20, 145)).toBe(second);
    processes.horizonNs = 155;
    fork(processes, 10, 21, 110);
    exit(processes, 20, 170);
    fork(processes, 10, 20, 180);
    expect(processes.serialAt(20, 145)).toBeNull();
    expect(processes.serialAt(20, 175)).toBe(processes.serialAt(20, 165));
  });

  it("takes a process for the holder of its pid a little before its fork was told, where nobody else had it then", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    expect(processes.serialAt(20, 109)).toBe(processes.serialAt(20, 110));
    exit(processes, 20, 120);
    processes.horizonNs = 130;
    fork(processes, 10, 20, 140);
    expect(processes.serialAt(20, 139)).toBe(processes.serialAt(20, 140));
  });

  it("takes the first holder where the time leaves a choice, and counts the doubt", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    exit(processes, 20, 120);
    fork(processes, 10, 30, 125);
    fork(processes, 30, 20, 130);
    expect(line(processes, processes.actor(20, { sinceNs: 115 }, 140))).toEqual([20, 10]);
    expect(processes.ambiguous).toBe(1);
  });

  it("takes who had the pid when the file was made, where the time leaves a choice", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    exit(processes, 20, 120);
    fork(processes, 10, 30, 125);
    fork(processes, 30, 20, 130);
    const made = (atNs: number | null) =>
      line(processes, processes.actor(20, { sinceNs: 115 }, 140, { isToRun: false, notBeforeNs: () => atNs }));
    expect(made(135)).toEqual([20, 30, 10]);
    expect(made(125)).toEqual([20, 30, 10]);
    expect(processes.ambiguous).toBe(0);
    expect(made(118)).toEqual([20, 10]);
    expect(made(null)).toEqual([20, 10]);
    expect(processes.ambiguous).toBe(2);
  });

  it("takes who ran a program for who opened one to run, and doubts it", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    processes.exec(20, 112);
    exit(processes, 20, 120);
    fork(processes, 10, 30, 125);
    fork(processes, 30, 20, 130);
    const opened = (sinceNs: number) =>
      line(processes, processes.actor(20, { sinceNs }, 150, { isToRun: true, notBeforeNs: () => null }));
    // The second one ran nothing yet.
    expect(opened(115)).toEqual([20, 10]);
    processes.exec(20, 140);
    expect(opened(115)).toEqual([20, 30, 10]);
    expect(opened(111)).toEqual([20, 10]);
    expect(processes.ambiguous).toBe(3);
  });

  it("says whether somebody else got a pid since", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    const first = processes.actor(20, { sinceNs: 105 }, 115);
    expect(processes.isLastWith(20, first)).toBe(true);
    exit(processes, 20, 120);
    fork(processes, 10, 20, 130);
    expect(processes.isLastWith(20, first)).toBe(false);
  });

  it("doubts nothing where all who had the pid come from one process that came itself", () => {
    const processes = lineage();
    fork(processes, 10, 15, 105);
    fork(processes, 15, 20, 110);
    exit(processes, 20, 120);
    fork(processes, 15, 30, 125);
    fork(processes, 30, 20, 130);
    expect(line(processes, processes.actor(20, { sinceNs: 115 }, 140))).toEqual([20, 15, 10]);
    expect(processes.ambiguous).toBe(0);
  });

  it("takes threads for their process", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    fork(processes, 10, 20, 111, 21);
    fork(processes, 20, 22, 112);
    expect(line(processes, processes.actor(22, { sinceNs: 0 }, 200))).toEqual([22, 20, 10]);
    exit(processes, 20, 120, 21);
    expect(processes.processes().get(processes.actor(20, { sinceNs: 0 }, 200))?.toMs).toBeNull();
    exit(processes, 20, 130);
    exit(processes, 20, 140, 23);
    expect(processes.processes().get(processes.actor(20, { sinceNs: 0 }, 200))?.toMs).toBe(140);
  });

  it("knows a process again whose fork is told after it was met", () => {
    const processes = lineage();
    const serial = processes.actor(20, { sinceNs: 0 }, 150);
    expect(processes.unannounced).toBe(1);
    fork(processes, 10, 20, 140);
    expect(processes.actor(20, { sinceNs: 0 }, 160)).toBe(serial);
    expect(line(processes, serial)).toEqual([20, 10]);
    expect(processes.unannounced).toBe(0);
  });

  it("knows a process again that was listed after its fork, whatever its pid was before", () => {
    const processes = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100 });
    processes.wasThere(10, details, 100);
    processes.wasThere(20, details, 101);
    processes.listedNs = 102;
    exit(processes, 20, 80);
    fork(processes, 10, 20, 90);
    expect(processes.processes().get(processes.actor(20, { sinceNs: 0 }, 200))).toMatchObject({
      isOlder: false,
      fromMs: 90,
      toMs: null,
    });
    // Its parent ended before the list was made: nobody could have announced that one.
    fork(processes, 15, 40, 95);
    expect(line(processes, processes.actor(40, { sinceNs: 0 }, 200))).toEqual([40, 15]);
    expect(processes.unannounced).toBe(0);
  });

  it("knows a process again that forked before it was listed", () => {
    const processes = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100 });
    fork(processes, 10, 20, 90);
    fork(processes, 20, 21, 91);
    processes.wasThere(10, details, 100);
    processes.wasThere(20, details, 101);
    processes.listedNs = 102;
    const serial = processes.actor(21, { sinceNs: 0 }, 200);
    expect(line(processes, serial)).toEqual([21, 20, 10]);
    const known = [...processes.processes().values()];
    expect(known.map(({ pid, isOlder, startTime }) => [pid, isOlder, startTime])).toEqual([
      [10, true, "77"],
      [20, false, "77"],
      [21, false, null],
    ]);
    expect(processes.unannounced).toBe(0);
    processes.actor(30, { sinceNs: 0 }, 201);
    expect(processes.unannounced).toBe(1);
  });

  it("says what a process runs: what its parent ran, then what was read, or what it opened to run", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    const serial = processes.actor(20, { sinceNs: 0 }, 200);
    const executable = () => processes.processes().get(serial)?.executable;
    expect(processes.processes().get(serial)).toMatchObject({ executable: "/usr/bin/agent", startTime: null });
    processes.exec(20, 120);
    expect(executable()).toBeNull();
    for (const path of ["/opt/script", "/usr/bin/dash", "/usr/lib64/ld-linux-x86-64.so.2"])
      processes.opened(serial, path);
    expect(executable()).toBe("/opt/script");
    for (const path of ["/usr/bin/touch", "/lib/ld-musl-aarch64.so.1"]) processes.opened(serial, path);
    expect(executable()).toBe("/usr/bin/touch");
    processes.describe(serial, { ...details, executable: "/usr/bin/coreutils" });
    expect(executable()).toBe("/usr/bin/coreutils");
    expect(processes.processes().get(serial)?.opened).toBe("/usr/bin/touch");
  });

  it("goes on with a process whose first thread ended when another one ran a program", () => {
    const processes = lineage();
    fork(processes, 10, 20, 110);
    exit(processes, 20, 120);
    processes.exec(20, 121);
    expect(processes.processes().get(processes.actor(20, { sinceNs: 0 }, 200))?.toMs).toBeNull();
  });

  it("forgets who ended and did nothing, and keeps who did something until that is forgotten", () => {
    const processes = lineage({ idleEndedMax: 3 });
    fork(processes, 10, 20, 110);
    const serial = processes.actor(20, { sinceNs: 0 }, 115);
    processes.retain(serial);
    exit(processes, 20, 120);
    for (let pid = 30; pid < 60; pid += 1) {
      fork(processes, 10, pid, pid * 10);
      exit(processes, pid, pid * 10 + 1);
    }
    expect(processes.processes().size).toBeLessThanOrEqual(2 + 2 * 3);
    expect(processes.processes().has(serial)).toBe(true);
    processes.releaseSerial(serial);
    for (let pid = 60; pid < 90; pid += 1) {
      fork(processes, 10, pid, pid * 10);
      exit(processes, pid, pid * 10 + 1);
    }
    expect(processes.processes().has(serial)).toBe(false);
    expect(processes.dropped).toBe(0);
  });

  it("counts those for whom there is no room", () => {
    const processes = lineage({ processesMax: 5 });
    for (let pid = 20; pid < 30; pid += 1) fork(processes, 10, pid, 110);
    expect(processes.processes().size).toBe(5);
    expect(processes.dropped).toBe(6);
  });
});
