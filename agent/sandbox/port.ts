import type { ExceededLimit } from "../../protocol/exit-reason.ts";
import type { JobSpec } from "../../protocol/messages.ts";

/** A process for certain: pids are reused, the pair is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, as text. */
  readonly startTime: string;
  readonly command: string;
}

export interface SandboxRequest {
  readonly leaseId: string;
  readonly jobId: string;
  readonly epoch: number;
  readonly agentId: string;
  readonly job: JobSpec;
  /** An existing, empty or restored directory: the job's current directory and its only place to write. */
  readonly workspace: string;
  /** Where the job's stdout and stderr go. */
  readonly logFile: string;
}

export interface SandboxExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What it took too much of, where the agent or the kernel ended it for that, or it failed at it (WC-12). */
  readonly exceeded?: ExceededLimit;
}

export interface TerminationResult {
  /** How many processes were ended. */
  readonly terminated: number;
  /** Those seen alive when the deadline came (uninterruptible sleep); empty is the rule. */
  readonly left: readonly ProcessIdentity[];
  /** Who would not have been seen, where this machine does not let everybody be found, as half a sentence. */
  readonly unseen?: string;
}

/** How long ending processes may take. */
export interface EndLimits {
  /** From TERM to KILL; 0 for KILL at once. */
  readonly graceMs: number;
  /** From the call until what is still alive is named. */
  readonly deadlineMs: number;
}

/** The processes of one leased job on this host. */
export interface Sandbox {
  readonly leaseId: string;
  /** The job's first process; of an enclosure's own while that is not known. */
  readonly pid: number;
  /** Absolute path of its cgroup, or null where none is writable. */
  readonly cgroup: string | null;
  /** Resolves when the job's first process ended; descendants may still run. */
  readonly exited: Promise<SandboxExit>;
  /** Every live process of it, found afresh. */
  processes(): ProcessIdentity[];
  /**
   * Sends a signal to the job's first process, if that has a handler for it; one that has none would be ended by it.
   * Returns whether it was sent.
   */
  signal(name: NodeJS.Signals): boolean;
  /**
   * TERM (sent before a freeze is taken off, so that it is heard first), then KILL after the grace, until none is left
   * or the deadline passed. What is frozen beside it stays frozen. A later call while one is under way joins it and
   * hurries it: KILL comes, and the end of it, at the earliest time that any of them named, and all hear the same. One
   * with a grace also takes off a freeze that came meanwhile. After one that left something, it tries again.
   */
  terminate(limits: EndLimits): Promise<TerminationResult>;
  /** Whether a termination is under way. */
  readonly isEnding: boolean;
}

export interface FreezeResult {
  /** From the call until every process was seen stopped (cgroup.events or /proc), in milliseconds. */
  readonly freezeMs: number;
  readonly processes: number;
  /** Processes that could not be stopped, seen at the end. */
  readonly running: readonly ProcessIdentity[];
}

/** One way to run jobs. `driver.contract.ts` holds what each must do. */
export interface SandboxDriver {
  readonly name: string;
  /** What this driver cannot promise on this machine, as sentences for the donor. */
  readonly cannot: readonly string[];
  /**
   * Resolves once the job's own program runs, or everything was frozen meanwhile.
   *
   * @throws SandboxError `spawn-failed`, `frozen`; nothing is left then
   */
  start(request: SandboxRequest): Promise<Sandbox>;
  /**
   * Stops every process of every sandbox of this driver, synchronously, so that nothing of the agent comes between the
   * trigger and the stop (WC-11: 10 ms). Never waits for a job.
   */
  freezeAll(): FreezeResult;
  /**
   * CPU time that the jobs have used since this was called first, in milliseconds; it never falls. Every call takes a
   * look at the host.
   */
  cpuMs(): number;
  /** Undoes `freezeAll`; the same processes go on. */
  thawAll(): void;
  /** Does work of the agent's own, such as packing a checkpoint, no sooner than an ordinary program would (`come-first.ts`). */
  asOrdinary<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Ends whatever an earlier instance of this agent left running; found through ledger, cgroup and marker. A later call
   * while one is under way joins and hurries it, as it does a sandbox's.
   */
  endStrays(limits: EndLimits): Promise<TerminationResult>;
  /**
   * The same with every sandbox of this instance: nothing of the agent runs afterwards but what is named. What is ended
   * by a termination that was under way before is not counted; whoever asked for that hears of it.
   */
  endAll(limits: EndLimits): Promise<TerminationResult>;
  /** Gives back what the driver itself holds (its parent cgroup); it stays, in the ledger too, while a process is in it. */
  close(): void;
}
