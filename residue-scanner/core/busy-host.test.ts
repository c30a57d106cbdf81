import { describe, expect, it } from "vitest";

import type { ResidueReport } from "../../protocol/residue-report.ts";
import { compare, files, foreign, job } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";

/**
 * Far more than each of these needs, and far less than where everything is held against everything. Of this thread's
 * processor time: how long it takes beside others' work says nothing.
 */
const processorMsMax = 15_000;

function compareSoon(...sources: Parameters<typeof compare>): ResidueReport {
  const from = process.threadCpuUsage();
  const report = compare(...sources);
  const { user, system } = process.threadCpuUsage(from);
  expect((user + system) / 1000).toBeLessThan(processorMsMax);
  return report;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("on a host where much goes on, a comparison is over soon", () => {
  it("of thousands of things of one surface", () => {
    const keys = numbers(10_000).map((each) => listedFixture({ key: `key ${each} of${each}` }));
    expect(compareSoon({}, { listed: { keys } }, {}).findings).toHaveLength(keys.length);
  });

  it("of things that none of many acts has made", () => {
    const keys = numbers(3_000).map((each) => listedFixture({ key: `key ${each}` }));
    const acts = numbers(20_000).map(() => act(foreign, "mount"));
    expect(compareSoon({}, { listed: { keys } }, { acts }).findings).toHaveLength(keys.length);
  });

  it("of settings that none of many processes names", () => {
    const settings = (value: number) =>
      numbers(4_000).map((each) => {
        const location = `/proc/sys/k/s${each}`;
        return listedFixture({ key: `k.s${each}`, location, attributes: { value } });
      });
    const came = numbers(40_000).map((each) =>
      recordedProcess({ serial: 100 + each, parent: foreign, commandLine: `cc1 -o x${each}` }),
    );
    const after = { listed: { sysctls: settings(1) } };
    expect(compareSoon({ listed: { sysctls: settings(0) } }, after, { came }).findings).toHaveLength(4_000);
  });

  it("of files that a daemon made, which thousands of clients had asked", () => {
    const dockerd = recordedProcess({
      serial: 30,
      pid: 90,
      parent: null,
      isOlder: true,
      executable: "/usr/bin/dockerd",
    });
    const client = {
      parent: job,
      executable: "/usr/bin/docker",
      commandLine: "docker run x",
      fromMs: 1_200,
      toMs: 1_300,
    };
    const clients = numbers(3_000).map((each) => recordedProcess({ ...client, serial: 100 + each }));
    const names = numbers(6_000).map((each) => `f${each}`);
    const touches = Object.fromEntries(names.map((name) => [`/d/${name}`, [touch(30, ["created"], 1_600)]]));
    const told = { touches, came: [dockerd, ...clients] };
    const report = compareSoon(files({ "/d": [] }), files({ "/d": names }), told);
    expect(new Set(report.findings.map(({ attribution }) => attribution.to))).toEqual(new Set(["job"]));
  });

  it("of what those did whom somebody's program had started, to which thousands of signals were sent", () => {
    const names = numbers(10_000).map((each) => `f${each}`);
    const parent = recordedProcess({ serial: 30, parent: foreign, pid: 90 });
    const children = names.map((_, each) => recordedProcess({ serial: 100 + each, parent: 30, fromMs: 1_500 }));
    const touches = Object.fromEntries(
      names.map((name, each) => [`/d/${name}`, [touch(100 + each, ["created"], 1_600)]]),
    );
    const acts = numbers(20_000).map((each) =>
      act(foreign, "kill", { parameters: { pid: "90", signal: "SIGUSR1" }, atMs: 20_000 + each }),
    );
    const told = { acts, touches, came: [parent, ...children] };
    expect(compareSoon(files({ "/d": [] }), files({ "/d": names }), told).verdict).toBe("clean");
  });

  it("of files that a daemon made, for which the job had put thousands of requests", () => {
    const manager = recordedProcess({ serial: 30, pid: 90, parent: null, isOlder: true, executable: "/sbin/systemd" });
    const names = numbers(5_000).map((each) => `f${each}`);
    const units = numbers(2_000).map((each) => `${each}.service`);
    const touches = Object.fromEntries([
      ...names.map((name) => [`/d/${name}`, [touch(30, ["created"], 1_600)]] as const),
      ...units.map((name) => [`/etc/systemd/system/${name}`, [touch(job, ["created"], 1_300)]] as const),
    ]);
    const before = files({ "/d": [], "/etc/systemd/system": [] });
    const report = compareSoon(before, files({ "/d": names, "/etc/systemd/system": units }), {
      touches,
      came: [manager],
    });
    expect(new Set(report.findings.map(({ attribution }) => attribution.to))).toEqual(new Set(["job"]));
  });

  it("of files that a service made, which watches where the job had put thousands long before", () => {
    const service = recordedProcess({ serial: 30, pid: 90, parent: null, isOlder: true, executable: "/opt/service" });
    const workers = numbers(4).map((each) => recordedProcess({ serial: 40 + each, parent: job }));
    const names = numbers(20_000).map((each) => `f${each}`);
    const orders = numbers(50_000).map((each) => `/in/o${each}`);
    const touches = Object.fromEntries([
      ...names.map((name) => [`/d/${name}`, [touch(30, ["created"], 9_600)]] as const),
      ...orders.map((order) => [order, workers.map(({ serial }) => touch(serial, ["modified"], 1_300))] as const),
    ]);
    const looked = { digest: null, unread: null, linkTarget: null, xattrs: null, bears: [], writers: [] };
    const watchers = { itself: [90], within: [90] };
    const inspections = new Map(["/in", ...orders.slice(0, 2_000)].map((path) => [path, { ...looked, watchers }]));
    const told = { touches, came: [service, ...workers], inspections };
    expect(compareSoon(files({ "/d": [] }), files({ "/d": names }), told).verdict).toBe("clean");
  });
});
