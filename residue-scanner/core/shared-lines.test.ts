import { describe, expect, it } from "vitest";

import { compare, excusedBy, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";
import { unknownProcess } from "./recording.ts";

describe("lines of a file that several wrote", () => {
  const line = (text: string) => listedFixture({ key: `/etc/hosts: ${text}`, location: text, file: "/etc/hosts" });
  const hosts = (...texts: string[]) => ({ listed: { configuration: texts.map(line) } });
  const touches = { "/etc/hosts": [touch(job, ["modified"]), touch(foreign, ["modified"])] };
  const lines = new Map([
    ["/etc/hosts: ours", { by: [job], atMs: 1_200 }],
    ["/etc/hosts: theirs", { by: [foreign], atMs: 1_300 }],
  ]);

  it("are whose who wrote each, and shared where nobody saw that", () => {
    expect(whose(compare(hosts(), hosts("ours", "theirs"), { touches, lines }))).toEqual([["ours", "job"]]);
    expect(whose(compare(hosts(), hosts("ours", "theirs"), { touches }))).toEqual([
      ["ours", "shared"],
      ["theirs", "shared"],
    ]);
  });

  it("are the job's that is the only one who was seen to touch the file, whoever a line seemed to be of", () => {
    const alone = { "/etc/hosts": [touch(job, ["modified"])] };
    expect(whose(compare(hosts(), hosts("theirs"), { touches: alone, lines }))).toEqual([["theirs", "job"]]);
  });

  it("are shared with the job that wrote them under another name, or may have", () => {
    const moved = { "/etc/hosts": [touch(foreign, ["created"])] };
    const whoseIs = (...by: number[]) =>
      compare(hosts(), hosts("x"), { touches: moved, lines: new Map([["/etc/hosts: x", { by, atMs: 1_200 }]]) });
    expect(whose(whoseIs(foreign, job))).toEqual([["x", "shared"]]);
    expect(whose(whoseIs(job, unknownProcess))).toEqual([["x", "shared"]]);
    expect(whoseIs(foreign)).toMatchObject({ verdict: "clean", findings: [] });
  });

  it("are told of crontabs, too", () => {
    const [file, key] = ["/etc/crontab", "/etc/crontab: * * * * * root x"];
    const crontabs = [{ key, file, line: 1, text: "* * * * * root x", user: null }];
    const told = {
      touches: { [file]: touches["/etc/hosts"] },
      lines: new Map([[key, { by: [foreign], atMs: 1_200 }]]),
    };
    expect(compare({}, { crontabs }, told)).toMatchObject({ verdict: "clean" });
  });
});

describe("a package among others in one database", () => {
  const status = "/var/lib/dpkg/status";
  const packages = (...names: string[]) => ({
    listed: { packages: names.map((name) => listedFixture({ key: `dpkg ${name}:all`, location: name, file: status })) },
  });

  it("is whose its own files are, although both wrote the database", () => {
    const report = compare(packages(), packages("ours", "theirs"), {
      touches: {
        [status]: [touch(job, ["moved-to"]), touch(foreign, ["moved-to"])],
        "/var/lib/dpkg/info/ours.list": [touch(job, ["moved-to"])],
        "/var/lib/dpkg/info/theirs.list": [touch(foreign, ["moved-to"])],
      },
    });
    expect(whose(report)).toEqual([["ours", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });
});
