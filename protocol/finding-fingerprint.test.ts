import { expect, test } from "vitest";

import { findingFingerprint } from "./finding-fingerprint.ts";
import type { Finding } from "./residue-report.ts";

const run = "20260131T101500-withdraw-under-load";

function of(over: Partial<Finding>): string {
  const finding: Finding = {
    ...{ id: "", surface: "files", change: "appeared", subject: "", location: "", owner: null },
    ...{ before: null, after: null, changed: [], attribution: { to: "job", evidence: [] }, show: "" },
    ...over,
  };
  return findingFingerprint(finding, [run]);
}

test.for<[string, Partial<Finding>, Partial<Finding>]>([
  [
    "a process, whatever its number",
    { surface: "processes", subject: "process 5120: sleep 3600", location: "pid 5120, started at tick 77" },
    { surface: "processes", subject: "process 9: sleep 3600", location: "pid 9, started at tick 912345" },
  ],
  ["what lies in the run's own directory", { location: `/srv/${run}/job` }, { location: "/srv/*/job" }],
  ["a name that mkdtemp drew", { location: "/tmp/houseguest-Ab3dEf/log" }, { location: "/tmp/houseguest-zzzzzz/log" }],
  [
    "what is named after a job",
    { location: "/var/x/0b9c7a52-6a77-4a43-9b6f-0d2f9b4f4c11" },
    { location: "/var/x/ffffffff-6a77-4a43-9b6f-0d2f9b4f4c12" },
  ],
  [
    "a socket, whatever its port",
    { surface: "sockets", location: "tcp 127.0.0.1:40123" },
    { surface: "sockets", location: "tcp 127.0.0.1:51234" },
  ],
])("is the same for %s", ([, one, other]) => {
  expect(of(one)).toBe(of(other));
});

test.for<[string, Partial<Finding>, Partial<Finding>]>([
  ["place", { location: "/etc/a" }, { location: "/etc/b" }],
  ["surface", { location: "/etc/a" }, { location: "/etc/a", surface: "crontabs" }],
  ["kind of change", { location: "/etc/a" }, { location: "/etc/a", change: "changed" }],
  [
    "command",
    { surface: "processes", subject: "process 1: sleep" },
    { surface: "processes", subject: "process 1: sh" },
  ],
  ["line", { location: "/etc/crontab:12" }, { location: "/etc/crontab:13" }],
  ["version", { location: "/usr/lib/x.so.3.11" }, { location: "/usr/lib/x.so.3.12" }],
])("differs with the %s", ([, one, other]) => {
  expect(of(one)).not.toBe(of(other));
});

test("a word that looks like no drawn name stays as it is", () => {
  const location = "/home/ada/feedback/deadline-report/2026/facade";
  expect(of({ location })).toBe(`files/appeared:${location.replace("2026", "*")}`);
});
