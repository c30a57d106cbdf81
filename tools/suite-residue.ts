import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { settleAndCompare, takeSnapshot } from "../residue-scanner/scanner.ts";

export interface SuiteResidue {
  readonly report: ResidueReport;
  /** What the tests left: a failure. */
  readonly left: readonly Finding[];
  /** What else is different and nobody can explain. Others are at work on this machine too, so it is only told. */
  readonly unexplained: readonly Finding[];
}

export interface SuiteWatch {
  /** Goes into the environment of the tests as HOUSEGUEST_RUN, so that whatever they start can be recognised. */
  readonly runId: string;
  /** Looks at the host again and compares. */
  compare(): Promise<SuiteResidue>;
}

/** Whatever our tests name on the host (cgroups, directories, sockets) has this in its name. */
const ourName = "houseguest-";

/**
 * Looks at the host before the tests run: a harness that proves that others leave nothing must leave nothing itself.
 *
 * @param root the package's folder
 */
export async function watchSuite(root: string): Promise<SuiteWatch> {
  const runId = `suite-${randomBytes(6).toString("hex")}`;
  const windowFromMs = Date.now();
  const baseline = await takeSnapshot();
  return {
    runId,
    async compare() {
      const { report } = await settleAndCompare(baseline, {
        policy: "developer",
        runId,
        windowFromMs,
        windowToMs: Date.now(),
        cgroupPrefixes: [],
        agentPaths: [],
        jobPaths: [],
        harnessPaths: keptOnPurpose(root),
        processes: [],
      });
      const unknown = report.findings.filter(({ attribution }) => attribution.to === "unknown");
      return {
        report,
        left: report.findings.filter((each) => ["agent", "job"].includes(each.attribution.to) || bearsOurName(each)),
        unexplained: unknown.filter((each) => !bearsOurName(each)),
      };
    },
  };
}

/**
 * What lies in the shared temporary directory belongs to another run on this machine: the tests have one of their own,
 * which was looked through. Nor does a run leave behind what is gone.
 */
function bearsOurName({ attribution, change, location }: Finding): boolean {
  if (attribution.to !== "unknown" || change === "vanished") return false;
  return location.includes(ourName) && !location.startsWith(`${tmpdir()}/`);
}

/** What a run of the tests writes and is meant to keep: caches, coverage, npm's own log, and where its output goes. */
function keptOnPurpose(root: string): string[] {
  const caches = ["node_modules/.vite", "node_modules/.vite-temp", "node_modules/.vitest-cache", "coverage"];
  const outputs = [1, 2].map(outputFile).filter((path) => path !== undefined);
  return [...caches.map((path) => join(root, path)), join(homedir(), ".npm/_logs"), ...outputs];
}

function outputFile(descriptor: number): string | undefined {
  try {
    const path = readlinkSync(`/proc/self/fd/${descriptor}`);
    return path.startsWith("/") ? path : undefined;
  } catch {
    // There is no /proc, or nothing is open there.
    return undefined;
  }
}
