import { describe, expect, it } from "vitest";

import { listedFixture } from "../testing/snapshot-fixture.ts";
import { crashPatterns, namedBy } from "./crash-patterns.ts";

describe("whose pid a crash helper's command line names", () => {
  const apport = "|/usr/share/apport/apport -p%p -s%s -c%c -d%d -P%P -u%u -g%g -F%F -- %E";

  it.each([
    ["|/h %P %u %g", "/h 4711 1000 1000", 4_711],
    ["|/h %u %P", "/h 4711 4712", 4_712],
    ["|/h.py --pid=%p:%s %t", "/usr/bin/python3 /h.py --pid=4711:11 1700000000", 4_711],
    [apport, "/usr/share/apport/apport -p7 -s11 -c0 -d1 -P4711 -u0 -g0 -F3 -- !usr!bin!a b", 4_711],
    ["|/h %e %I", "/h some name 4711", 4_711],
    ["|/h 100%% %p", "/h 100% 4711", 4_711],
  ])("is at its place in the pattern %s", (pattern, commandLine, pid) => {
    expect(namedBy(pattern, commandLine)).toEqual({ pid });
  });

  it.each([
    ["|/h %e %p %E", "/h x 4711 /y"],
    ["|/h %p", "/other 4711"],
    ["|/h -p%p %u", "/h 4711 0"],
    ["|/h %p %u", "/h 4711"],
    ["|/h %p%p%p%p%p", "/h 47114711471147114711"],
  ])("is not known of %s, %s", (pattern, commandLine) => {
    expect(namedBy(pattern, commandLine)).toBe(null);
  });

  it("is nobody's where the pattern has a place for none", () => {
    expect(namedBy("|/h %u %g", "/h 4711 4712")).toEqual({ pid: null });
  });

  it("is told by the patterns of both readings, where crashes are piped", () => {
    const reading = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: "kernel.core_pattern", attributes: { value } })] },
    });
    expect(crashPatterns([reading("|/a %p"), reading("|/a %p"), reading("core")])).toEqual(["|/a %p"]);
    expect(crashPatterns([{ listed: {} }])).toEqual([]);
  });
});
