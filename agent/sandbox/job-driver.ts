import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import type { HostLedger } from "../host-resource.ts";
import { ComesFirst } from "./come-first.ts";
import { driverCannot } from "./driver-cannot.ts";
import type { DriverState, LiveSandbox } from "./driver-state.ts";
import type { Enclosure } from "./enclosure.ts";
import { EndPace } from "./end-pace.ts";
import type { Find } from "./end-processes.ts";
import { jobsCpu } from "./jobs-cpu.ts";
import { freezeSandboxes } from "./freeze-sandboxes.ts";
import { jobCgroups } from "./job-cgroups.ts";
import { defaultJobLimits, type JobLimits } from "./job-limits.ts";
import { adoptOrphans, type Orphans } from "./orphans.ts";
import type { EndLimits, SandboxDriver, TerminationResult } from "./port.ts";
import { isSame } from "./proc-stat.ts";
import { type Member, processTable } from "./process-table.ts";
import { SandboxError } from "./sandbox-error.ts";
import { startJob } from "./start-job.ts";
import { keyOf, signalMembers } from "./stop-processes.ts";
import { endStrayProcesses } from "./stray-processes.ts";

export interface JobDriverOptions {
  readonly agentId: string;
  readonly ledger: HostLedger;
  /** The agent's own environment: search path, language and run marker are passed on. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The cgroup in which to make this agent's; null for none. By default the agent's own, where it may. */
  readonly cgroupRoot?: string | null;
  readonly limits?: JobLimits;
  /** Has those that lose their parent become children of this process; null from it where that cannot be. */
  readonly adopt?: () => Orphans | null;
  /** Told what the donor should read in the log. */
  readonly warn?: (sentence: string) => void;
}

/** How old a look at the processes may be where several terminations wait at once. */
const lookAgeMsMax = 8;
/** Without cgroups, how often descendants are looked for, so that one is known before it hides its descent. */
const trackIntervalMs = 1_000;
const unseen = "one that had left its environment, session and parent would not have been seen";

/** Whoever can open nothing more sees nobody, and looks again next time; until then the kernel gives it the orphans. */
function track(scan: () => void): void {
  try {
    scan();
  } catch (error) {
    if (!["EMFILE", "ENFILE"].includes(systemCode(error) ?? "")) throw error;
  }
}

/**
 * Runs jobs in sessions of their own and whatever enclosure it is given, in cgroups where this user may make them. It
 * holds the parent cgroup from now until `close`.
 */
export function jobDriver(options: JobDriverOptions & { readonly enclosure: Enclosure }): SandboxDriver {
  const { agentId, ledger, enclosure, environment = process.env, limits = defaultJobLimits } = options;
  const orphans = (options.adopt ?? adoptOrphans)();
  // An enclosure's own PID namespace keeps a job's orphans; only its keepers can become the agent's, which collects them.
  const table = processTable({ agentId, orphans: enclosure.kept ? null : orphans });
  const cgroups = jobCgroups({ agentId, ledger, root: options.cgroupRoot, limits });
  const live = new Map<string, LiveSandbox>();
  let look: { readonly atMs: number; readonly members: Member[] } | null = null;
  const scan: Find = ({ fresh, onFound, outsideOnly }) => {
    const inCgroups = (): Map<number, string> => cgroups?.pids() ?? new Map<number, string>();
    if (outsideOnly === true) return table.scan({ inCgroups: inCgroups(), onFound, outsideOnly });
    const now = systemClock.monotonicMs();
    if (fresh || onFound !== undefined || look === null || now - look.atMs > lookAgeMsMax) {
      look = {
        atMs: systemClock.monotonicMs(),
        members: table.scan({ inCgroups: inCgroups(), onFound }),
      };
    }
    return look.members;
  };
  let frozen = false;
  let stopped: readonly Member[] = [];
  const { warn = () => undefined } = options;
  const isFrozen = (): boolean => frozen;
  const shared: DriverState = { ledger, enclosure, environment, limits, warn, isFrozen, table, cgroups, live, scan };
  const comesFirst = new ComesFirst();
  /** How much work goes on that the jobs' owner should not feel. */
  let ordinary = 0;
  const tendShare = (): void => comesFirst.set(live.size > 0 && !frozen && ordinary === 0);
  const tracker = setInterval(() => {
    tendShare();
    if (cgroups === null && live.size > 0) track(() => scan({ fresh: true }));
  }, trackIntervalMs).unref();
  const searches = !enclosure.kept && cgroups === null;
  /** Whether there were processes here that could have gone where nothing finds them. */
  let isBlind = false;
  let straysEnding: { readonly pace: EndPace; readonly result: Promise<TerminationResult> } | null = null;
  const endStrays = (ending: EndLimits): Promise<TerminationResult> => {
    // An agent that was killed took with it what it knew of its orphans.
    isBlind ||= searches && ledger.live().some((one) => one.kind === "processes" && !live.has(one.leaseId));
    if (straysEnding === null) {
      const pace = new EndPace(ending);
      const isLive = (leaseId: string): boolean => live.has(leaseId);
      const result = endStrayProcesses({ agentId, ledger, table, cgroups, isLive, pace })
        .then((ended) => (isBlind ? { ...ended, unseen } : ended))
        .finally(() => {
          straysEnding = null;
        });
      straysEnding = { pace, result };
    } else straysEnding.pace.hurry(ending);
    return straysEnding.result;
  };

  return {
    name: enclosure.name,
    cannot: driverCannot({ enclosure, cgroups, limits, adopts: orphans !== null }),
    async start(request) {
      if (frozen) {
        throw new SandboxError(`Job ${request.jobId} cannot be started while every sandbox is frozen.`, {
          code: "frozen",
          retriable: true,
          next: "Resume the agent first.",
        });
      }
      isBlind ||= searches && orphans === null;
      const sandbox = await startJob(shared, request);
      tendShare();
      return sandbox;
    },
    freezeAll() {
      frozen = true;
      const result = freezeSandboxes(shared, tendShare);
      stopped = [
        ...stopped.filter((member) => !result.stopped.some((other) => keyOf(other) === keyOf(member))),
        ...result.stopped,
      ];
      for (const sandbox of live.values()) sandbox.settleStart();
      tendShare();
      return { freezeMs: result.freezeMs, processes: result.processes, running: result.running };
    },
    cpuMs: jobsCpu({ cgroups, scan: () => scan({ fresh: true }) }),
    thawAll() {
      frozen = false;
      tendShare();
      cgroups?.thaw();
      signalMembers(stopped.filter(isSame), "SIGCONT");
      stopped = [];
    },
    async asOrdinary(work) {
      ordinary += 1;
      tendShare();
      try {
        return await work();
      } finally {
        ordinary -= 1;
        tendShare();
      }
    },
    endStrays,
    async endAll(ending) {
      const counts = [...live.values()].map(({ sandbox }) => !sandbox.isEnding);
      const own = [...live.values()].map(({ sandbox }) => sandbox.terminate(ending));
      const [strays, ...results] = await Promise.all([endStrays(ending), ...own]);
      return {
        terminated: results.reduce((sum, { terminated }, at) => sum + (counts[at] ? terminated : 0), strays.terminated),
        left: [...results.flatMap(({ left }) => left), ...strays.left],
        ...(strays.unseen === undefined ? {} : { unseen: strays.unseen }),
      };
    },
    close() {
      clearInterval(tracker);
      comesFirst.set(false);
      orphans?.close();
      // Where a process could not be ended, its cgroups and their ledger entries stay for the next start to see.
      cgroups?.close();
    },
  };
}
