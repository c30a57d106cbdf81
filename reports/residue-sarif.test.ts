import { describe, expect, it } from "vitest";

import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { sarifOf as sarifWith } from "../protocol/residue-sarif.ts";
import { isoTime } from "./text/wall-clock.ts";
import { sarifProblems } from "./testing/sarif-problems.ts";

const sarifOf = (report: ResidueReport): object => sarifWith(report, isoTime);

const finding = (parts: Partial<Finding>): Finding => ({
  id: "files:/d/a b#c",
  surface: "files",
  change: "appeared",
  subject: "file /d/a b#c (0644 root, 1 bytes)",
  location: "/d/a b#c",
  owner: "root",
  before: null,
  after: {},
  changed: [],
  attribution: { to: "job", evidence: [{ kind: "recorder", detail: "process 9 of the job created it" }] },
  show: "stat '/d/a b#c'",
  remove: "rm -- '/d/a b#c'",
  ...parts,
});

const report: ResidueReport = {
  ...{ version: 1, verdict: "residue", policy: "ci", summary: "1 thing is left.", baselineAt: 0, afterAt: 1_000 },
  readings: 1,
  surfaces: [{ surface: "keys", status: "partial", detail: "why", factsBefore: 0, factsAfter: 0, durationMs: 1 }],
  findings: [
    finding({}),
    finding({
      id: "ipc:shm 5",
      surface: "ipc",
      location: "shared memory 5",
      attribution: { to: "unknown", evidence: [] },
    }),
  ],
  excused: [],
  waivers: [
    {
      ...{ finding: "crontabs:**", reason: "known since last year", expires: "2026-12-31" },
      findings: [finding({ id: "crontabs:x", surface: "crontabs", location: "/etc/cron.d/x:3" })],
    },
  ],
};

describe("a report in SARIF", () => {
  const { version, runs } = sarifOf(report) as { version: string; runs: [Record<string, unknown>] };
  const [{ results, invocations, tool }] = runs;

  it("is valid by the schema that OASIS publishes, whatever names are in it", () => {
    const names = ['/d/\n\\xff ?#%{}|^`<>"', "/d/\ud800", "/d/ü", "/d/x:3", "/d/%zz"];
    const odd = names.map((location) => finding({ id: `files:${location}`, location, subject: location }));
    const bare = finding({
      id: "",
      subject: "",
      location: "",
      owner: null,
      show: "",
      attribution: { to: "background", evidence: [] },
    });
    for (const findings of [report.findings, odd, [bare], []])
      expect(sarifProblems(sarifOf({ ...report, findings }))).toEqual([]);
    expect(sarifProblems(sarifOf({ ...report, verdict: "unknown", waivers: [], surfaces: [] }))).toEqual([]);
  });

  it("names files by the bytes of their names, and none where another one is seen", () => {
    const locations = ["/d/a b#c?\\n\\xff\\\\xff", "/d/ü%20", "/mnt/x (under the mount at /mnt)"];
    const findings = locations.map((location) => finding({ location }));
    const [{ results: found }] = (sarifOf({ ...report, findings, waivers: [] }) as { runs: [(typeof runs)[0]] }).runs;
    const uris = (found as { locations: { physicalLocation?: { artifactLocation: { uri: string } } }[] }[]).map(
      (result) => result.locations[0]?.physicalLocation?.artifactLocation.uri,
    );
    expect(uris).toEqual(["file:///d/a%20b%23c%3F%0A%FF%5Cxff", "file:///d/%C3%BC%2520", undefined]);
  });

  it("would not be valid with what the schema does not have", () => {
    const [run] = runs;
    expect(sarifProblems({ version, runs: [{ ...run, results: [{ level: "fatal" }] }] })).toEqual([
      "/runs/0/results/0 must have required property 'message'",
      "/runs/0/results/0/level must be equal to one of the allowed values",
    ]);
    const location = { physicalLocation: { artifactLocation: { uri: "file:///a b" } } };
    const spaced = { message: { text: "" }, locations: [location] };
    expect(sarifProblems({ version, runs: [{ ...run, results: [spaced] }] })).toContain(
      '/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri must match format "uri-reference"',
    );
    expect(sarifProblems({ runs })).toEqual([" must have required property 'version'"]);
  });

  it("has a result for each finding, with a place that a viewer can open where there is one", () => {
    expect(version).toBe("2.1.0");
    expect(results).toMatchObject([
      {
        ruleId: "files/appeared",
        level: "error",
        message: { text: expect.stringContaining("It is the job's. \nrecorder: process 9") as string },
        locations: [{ physicalLocation: { artifactLocation: { uri: "file:///d/a%20b%23c" } } }],
        partialFingerprints: { "finding/v1": "files/appeared:/d/a b#c" },
      },
      {
        ruleId: "ipc/appeared",
        level: "warning",
        locations: [{ logicalLocations: [{ fullyQualifiedName: "ipc:shm 5" }] }],
      },
      {
        ruleId: "crontabs/appeared",
        locations: [
          { physicalLocation: { artifactLocation: { uri: "file:///etc/cron.d/x" }, region: { startLine: 3 } } },
        ],
        suppressions: [{ kind: "external", justification: "known since last year (until 2026-12-31)" }],
      },
    ]);
  });

  it("names every rule of a result, and tells what could not be seen", () => {
    const { driver } = tool as { driver: { rules: { id: string }[] } };
    expect(driver.rules.map(({ id }) => id)).toEqual(["crontabs/appeared", "files/appeared", "ipc/appeared"]);
    expect(invocations).toMatchObject([
      {
        executionSuccessful: true,
        startTimeUtc: "1970-01-01T00:00:00.000Z",
        toolExecutionNotifications: [{ level: "warning", message: { text: "keys: partial, why" } }],
      },
    ]);
  });
});
