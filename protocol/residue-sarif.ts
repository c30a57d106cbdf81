import { findingFingerprint } from "./finding-fingerprint.ts";
import { isCoveredLocation, unshownPath } from "./finding-location.ts";
import type { AttributionTarget, Finding, ResidueReport } from "./residue-report.ts";

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

/** Something that is to be known of an invocation beside its results. */
export interface SarifNotification {
  readonly level: "error" | "warning" | "note";
  readonly text: string;
}

/** Two readings of the host, and what was found between them. */
export interface SarifInvocation {
  /** Null where the host was not read twice; a notification then says why. */
  readonly report: ResidueReport | null;
  readonly isSuccessful: boolean;
  /** ISO 8601 in UTC. */
  readonly times?: { readonly startedAt: string; readonly endedAt: string };
  readonly notifications?: readonly SarifNotification[];
  /** Names that only this run has; no fingerprint holds them. */
  readonly ownNames?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

/**
 * A report of `residue` in SARIF.
 *
 * @param isoTime tells a time in ms since the epoch in ISO 8601
 */
export function sarifOf(report: ResidueReport, isoTime: (ms: number) => string): object {
  const { verdict, policy, summary, baselineAt, afterAt } = report;
  // Evidence that was lost makes it no verdict.
  const isSuccessful = verdict !== "unknown";
  const invocation = { report, isSuccessful, times: { startedAt: isoTime(baselineAt), endedAt: isoTime(afterAt) } };
  return sarifLog("residue", [invocation], { verdict, policy, summary });
}

/**
 * A log in SARIF 2.1.0 (OASIS), as views of code scanning take it: one run of the tool, whose results name the
 * invocation that they are of. A finding is a result, its surface and kind of change the rule; its fingerprint is the
 * same in every run that leaves the same. What a waiver covers is suppressed with its reason; what could not be seen is a
 * notification of the tool.
 */
export function sarifLog(tool: string, invocations: readonly SarifInvocation[], properties: object): object {
  const results = invocations.flatMap(resultsOf);
  const rules = new Set(results.map(({ ruleId }) => ruleId));
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: tool, rules: [...rules].sort().map(ruleOf) } },
        invocations: invocations.map(invocationOf),
        results,
        columnKind: "utf16CodeUnits",
        properties,
      },
    ],
  };
}

function invocationOf({ report, isSuccessful, times, notifications = [], properties }: SarifInvocation) {
  return {
    executionSuccessful: isSuccessful,
    ...(times !== undefined && { startTimeUtc: times.startedAt, endTimeUtc: times.endedAt }),
    toolExecutionNotifications: [...notifications, ...(report === null ? [] : unseenIn(report))].map(
      ({ level, text }) => ({ level, message: { text } }),
    ),
    ...(properties !== undefined && { properties }),
  };
}

function resultsOf({ report, ownNames = [] }: SarifInvocation, invocationIndex: number) {
  if (report === null) return [];
  const waived = (report.waivers ?? []).flatMap(({ reason, expires, findings }) =>
    findings.map((finding) => ({ finding, justification: `${reason} (until ${expires})` })),
  );
  const all = [...report.findings.map((finding) => ({ finding, justification: null })), ...waived];
  const seen = new Map<string, number>();
  return all.map(({ finding, justification }) => {
    const fingerprint = findingFingerprint(finding, ownNames);
    const count = (seen.get(fingerprint) ?? 0) + 1;
    seen.set(fingerprint, count);
    const counted = count === 1 ? fingerprint : `${fingerprint} (${count})`;
    return resultOf(finding, { justification, fingerprint: counted, invocationIndex });
  });
}

function ruleOf(id: string): object {
  const [surface = "", change = ""] = id.split("/");
  const text = `${changes[change as Finding["change"]]}: ${surface}`;
  return { id, shortDescription: { text }, defaultConfiguration: { level: "error" } };
}

function resultOf(
  finding: Finding,
  about: { readonly justification: string | null; readonly fingerprint: string; readonly invocationIndex: number },
) {
  const { id, surface, change, subject, attribution, owner, show, remove } = finding;
  const { justification, fingerprint, invocationIndex } = about;
  const why = attribution.evidence.map(({ kind, detail }) => `${kind}: ${detail}`);
  const text = [`${changes[change]}: ${subject}.`, `It is ${whose[attribution.to]}.`, ...why].join(" \n");
  return {
    ruleId: `${surface}/${change}`,
    level: levels[attribution.to],
    message: { text },
    locations: [locationOf(finding)],
    partialFingerprints: { "finding/v1": fingerprint },
    provenance: { invocationIndex },
    properties: { findingId: id, attribution: attribution.to, owner, show, remove: remove ?? null },
    ...(justification !== null && { suppressions: [{ kind: "external", status: "accepted", justification }] }),
  };
}

/** Files and lines of files are places that a viewer can open; anything else has a name only. */
function locationOf({ surface, location, id }: Finding): object {
  const [, path = "", line] = /^(\/.*?)(?::(\d+))?$/s.exec(location) ?? [];
  const isFile =
    ["files", "crontabs", "configuration"].includes(surface) && path !== "" && !isCoveredLocation(location);
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

function unseenIn({ surfaces, recorder = [] }: ResidueReport): SarifNotification[] {
  const seen = [
    ...surfaces.map(({ surface, status, detail }) => ({ name: surface, status, detail })),
    ...recorder.map(({ source, status, detail }) => ({ name: `the recorder of ${source}`, status, detail })),
  ];
  return seen
    .filter(({ status }) => status !== "done")
    .map(({ name, status, detail }) => ({
      level: status === "failed" || status === "lost" ? "error" : "warning",
      text: `${name}: ${status}, ${detail}`,
    }));
}
