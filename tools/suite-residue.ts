import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { runMarker } from "../protocol/job-environment.ts";
import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { collectProcesses } from "../residue-scanner/collectors/processes.ts";
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
  /** Kills what still runs with `runId`: it may hold the output that whoever called the suite reads to its end. */
  endProcesses(): Promise<void>;
}

/**
 * What hardly anybody makes on a machine that only runs the tests, and what they make here has no file's owner and no
 * name of ours. A leaked queue stays until the machine is off, and a user may have nine.
 */
const oursWhereAlone: ReadonlySet<string> = new Set(["ipc", "mounts", "crontabs", "kernel", "storage"]);

/** Whatever our tests name on the host (cgroups, directories, sockets) has this in its name. */
const ourName = "houseguest-";

/**
 * Looks at the host before the tests run: a harness that proves that others leave nothing must leave nothing itself.
 *
 * @param root the package's folder
 * @param isAlone whether nobody else is at work on this machine (CI)
 */
export async function watchSuite(root: string, { isAlone = false } = {}): Promise<SuiteWatch> {
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
      const isOurs = (each: Finding) => bearsOurName(each) || (isAlone && isOursWhereAlone(each));
      return {
        report,
        left: report.findings.filter((each) => ["agent", "job"].includes(each.attribution.to) || isOurs(each)),
        unexplained: unknown.filter((each) => !isOurs(each)),
      };
    },
    async endProcesses() {
      const { processes } = await collectProcesses();
      for (const { pid, marks } of processes) if (marks?.[runMarker] === runId) kill(pid);
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

function isOursWhereAlone({ attribution, change, surface }: Finding): boolean {
  return attribution.to === "unknown" && change === "appeared" && oursWhereAlone.has(surface);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
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
