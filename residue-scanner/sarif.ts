import { isCoveredText } from "./core/covered-path.ts";
import { unshownPath } from "./core/path-text.ts";
import type { AttributionTarget, Finding, ResidueReport } from "../protocol/residue-report.ts";

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** What nobody can explain may be somebody else's; what is the run's is not. */
const levels: Readonly<Record<AttributionTarget, "error" | "warning" | "note">> = {
  job: "error",
  agent: "error",
  shared: "error",
  harness: "error",
  unknown: "warning",
  background: "note",
};
const whose: Readonly<Record<AttributionTarget, string>> = {
  job: "the job's",
  agent: "the agent's",
  shared: "the run's and others'",
  harness: "the harness's",
  unknown: "unexplained",
  background: "others'",
};
const changes = {
  appeared: "Left on the host",
  changed: "Changed on the host",
  vanished: "Gone from the host",
} as const;

/**
 * A report in SARIF 2.1.0 (OASIS), as views of code scanning take it: a finding is a result, its surface and kind of
 * change the rule, its id the fingerprint; what a waiver covers is suppressed with its reason; what could not be seen is
 * a notification of the tool.
 */
export function sarifOf(report: ResidueReport): object {
  const waived = (report.waivers ?? []).flatMap(({ reason, expires, findings }) =>
    findings.map((finding) => resultOf(finding, `${reason} (until ${expires})`)),
  );
  const results = [...report.findings.map((finding) => resultOf(finding, null)), ...waived];
  const rules = new Set(results.map(({ ruleId }) => ruleId));
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "residue", rules: [...rules].sort().map(ruleOf) } },
        invocations: [
          {
            // Evidence that was lost makes it no verdict.
            executionSuccessful: report.verdict !== "unknown",
            startTimeUtc: new Date(report.baselineAt).toISOString(),
            endTimeUtc: new Date(report.afterAt).toISOString(),
            toolExecutionNotifications: notificationsOf(report),
          },
        ],
        results,
        columnKind: "utf16CodeUnits",
        properties: { verdict: report.verdict, policy: report.policy, summary: report.summary },
      },
    ],
  };
}

function ruleOf(id: string): object {
  const [surface = "", change = ""] = id.split("/");
  const text = `${changes[change as Finding["change"]]}: ${surface}`;
  return { id, shortDescription: { text }, defaultConfiguration: { level: "error" } };
}

function resultOf(finding: Finding, justification: string | null) {
  const { id, surface, change, subject, attribution, show, remove } = finding;
  const why = attribution.evidence.map(({ kind, detail }) => `${kind}: ${detail}`);
  const text = [`${changes[change]}: ${subject}.`, `It is ${whose[attribution.to]}.`, ...why].join(" \n");
  return {
    ruleId: `${surface}/${change}`,
    level: levels[attribution.to],
    message: { text },
    locations: [locationOf(finding)],
    partialFingerprints: { "findingId/v1": id },
    properties: { attribution: attribution.to, owner: finding.owner, show, remove: remove ?? null },
    ...(justification !== null && { suppressions: [{ kind: "external", status: "accepted", justification }] }),
  };
}

/** Files and lines of files are places that a viewer can open; anything else has a name only. */
function locationOf({ surface, location, id }: Finding): object {
  const [, path = "", line] = /^(\/.*?)(?::(\d+))?$/s.exec(location) ?? [];
  const isFile = ["files", "crontabs", "configuration"].includes(surface) && path !== "" && !isCoveredText(location);
  const logicalLocations = [{ fullyQualifiedName: id, kind: "resource" }];
  if (!isFile) return { logicalLocations };
  const uri = fileUri(surface === "files" ? location : path);
  const region = surface === "files" || line === undefined ? {} : { region: { startLine: Number(line) } };
  return { physicalLocation: { artifactLocation: { uri }, ...region }, logicalLocations };
}

/** RFC 8089; the bytes of the name, whether they are UTF-8 or not. */
function fileUri(shownPath: string): string {
  const escaped = unshownPath(shownPath).replace(/[^\w.~/!$&'()*+,;=:@-]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return `file://${escaped}`;
}

function notificationsOf({ surfaces, recorder = [] }: ResidueReport): object[] {
  const seen = [
    ...surfaces.map(({ surface, status, detail }) => ({ name: surface, status, detail })),
    ...recorder.map(({ source, status, detail }) => ({ name: `the recorder of ${source}`, status, detail })),
  ];
  return seen
    .filter(({ status }) => status !== "done")
    .map(({ name, status, detail }) => ({
      level: status === "failed" || status === "lost" ? "error" : "warning",
      message: { text: `${name}: ${status}, ${detail}` },
    }));
}
