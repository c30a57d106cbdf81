import { expect, test } from "vitest";

import { recordedProcess } from "../testing/recording-fixture.ts";
import { isNamed, isPlaced, startedThing } from "./asked-things.ts";

const started = startedThing([
  recordedProcess({
    serial: 1,
    cgroup: "/system.slice/system-x.slice/x@1.service",
    commandLine: "/bin/sh /etc/init.d/x",
  }),
]);

test.each(["/etc/systemd/system/x@1.service", "/etc/systemd/system/x@.service", "/run/systemd/system/x@1.timer"])(
  "%s is the unit that was started",
  (path) => expect(isPlaced(path, started)).toBe(true),
);

test.each(["/etc/systemd/system/x.service", "/etc/systemd/system/y@.service", "/etc/init.d", "/etc/init.d/xy"])(
  "%s is another thing",
  (path) =>
    expect(isPlaced(path, startedThing([recordedProcess({ serial: 1, cgroup: "/a/x@1.service" })]))).toBe(false),
);

test("a script that is run is known by its path", () => {
  expect(isPlaced("/etc/init.d/x", started)).toBe(true);
  expect(isPlaced("/etc/init.d/xy", started)).toBe(false);
});

test("a client names a unit, or the command to run", () => {
  expect(isNamed("systemctl start x@1", started)).toBe(true);
  expect(isNamed("systemd-run --unit=x@1.service --on-active=60 true", started)).toBe(true);
  expect(isNamed("systemd-run --on-active=60 /bin/sh /etc/init.d/x", started)).toBe(true);
  expect(isNamed("systemctl start y", started)).toBe(false);
});
