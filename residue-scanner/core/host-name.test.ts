import { describe, expect, it } from "vitest";

import { compare, foreign, job, type Told } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";

describe("the host's name, which several set", () => {
  const location = "/proc/sys/kernel/hostname";
  const named = (value: string) => ({
    listed: { sysctls: [listedFixture({ key: "kernel.hostname", location, attributes: { value } })] },
  });
  const report = (told: Told) => compare(named("house"), named("guest"), told);
  const attributionOf = (told: Told) => report(told).findings.map(({ attribution }) => attribution)[0];
  const calls = (...by: readonly number[]): Told => ({ acts: by.map((each) => act(each, "sethostname")) });
  const writes = (by: number): Told => ({ touches: { [location]: [touch(by, ["modified"])] } });

  it.each<[string, Told]>([
    ["by a call", calls(job, foreign)],
    ["the job by a call, others by writing it", { ...calls(job), ...writes(foreign) }],
    ["others by a call, the job by writing it", { ...calls(foreign), ...writes(job) }],
  ])("is shared, and both are named, where both did: %s", (_, told) => {
    const { to, evidence = [] } = attributionOf(told) ?? {};
    expect(to).toBe("shared");
    const details = evidence.map(({ detail }) => detail).join("\n");
    expect(details).toContain("process 104 (/bin/sh) of the job");
    expect(details).toContain("process 70 (/usr/sbin/rsyslogd) of somebody else");
  });

  it("is theirs who alone did, either way", () => {
    for (const told of [calls(job), writes(job)]) expect(attributionOf(told)?.to).toBe("job");
    for (const told of [calls(foreign), writes(foreign)]) expect(report(told).verdict).toBe("clean");
  });

  it("is not the job's that only read it while others were seen to set it, but may be where writing was out of sight", () => {
    const reader = recordedProcess({ serial: 20, parent: job, commandLine: "sysctl kernel.hostname" });
    const told: Told = { came: [reader], ...calls(foreign) };
    expect(report(told).verdict).toBe("clean");
    expect(attributionOf({ ...told, seesSettings: false })?.to).toBe("shared");
  });
});
