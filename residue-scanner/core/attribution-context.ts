import type { ResiduePolicy, Waiver } from "../../protocol/residue-report.ts";

export type RunRole = "agent" | "job" | "harness";

/** Another run of scenarios that went on at the same time: whatever it does it undoes, and judges, itself. */
export interface OtherRun {
  /** Of its run directory. */
  readonly name: string;
  /** Eight hexadecimal digits, which stand in the name of everything that it makes, and in its processes' environment. */
  readonly id: string;
  /** Its harness. */
  readonly pid: number;
  readonly startTime: string;
}

/** What whoever watched the run knows about it. */
export interface AttributionContext {
  readonly policy: ResiduePolicy;
  /** Files that the scanner planted in this run: paths, one character a byte. They are judged apart, and are no findings. */
  readonly canaries?: readonly { readonly side: "job" | "foreign"; readonly path: string }[];
  /** What does not count for a time; none of them has expired. */
  readonly waivers?: readonly Waiver[];
  /** Value of the run marker in the environment of everything that the run started. */
  readonly runId: string;
  /** When the run was, in ms since the epoch. */
  readonly windowFromMs: number;
  readonly windowToMs: number;
  /**
   * Cgroups that the watcher made for the run; what is in or below them is the run's. Paths below the cgroup v2 root,
   * or in the file system.
   */
  readonly cgroupPrefixes: readonly string[];
  /** Homes and scoped directories of agents. */
  readonly agentPaths: readonly string[];
  readonly jobPaths: readonly string[];
  /** What the harness keeps on purpose: the run directory. */
  readonly harnessPaths: readonly string[];
  /**
   * The names that the harness itself writes below (or with `../` beside) each of `harnessPaths`: `verdict.json`,
   * `logs/*.log` for one name with anything but a slash in place of the star, `broker/` for that directory and all
   * that is in it. Anything else there is nobody's and a finding. Default: all that lies there is the harness's.
   */
  readonly harnessFiles?: readonly string[];
  /** Processes seen during the run. */
  readonly processes: readonly {
    readonly pid: number;
    readonly startTime: string;
    readonly role: RunRole;
    readonly sessionId?: number | undefined;
  }[];
  /** Runs of the same kind that went on at the same time. */
  readonly otherRuns?: readonly OtherRun[];
  /** Further names that only the run uses (agent ids, job ids), looked for in names and contents. */
  readonly identifiers?: readonly string[];
  /** Whose a process is that carries the run's marker and nothing more precise. Default: the agent's. */
  readonly markedRole?: RunRole;
}
