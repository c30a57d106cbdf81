import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import { assert } from "../../../foundation/assert.ts";
import { JobSpec } from "../../../protocol/messages.ts";
import type { HostLedger } from "../../host-resource.ts";
import { findCgroupsNamed } from "../cgroup.ts";
import { parentCgroupName } from "../job-cgroups.ts";
import { type HeldNamespace, hostPidOf, holdPidNamespaceOf, pidsInNamespace } from "./host-pids.ts";
import { memoryLedger } from "./memory-ledger.ts";
import type { FreezeResult, Sandbox, SandboxDriver, SandboxRequest } from "../port.ts";
import { readProcess } from "../proc-stat.ts";
import { wipeDirectory } from "../wipe-directory.ts";

/** Makes the driver under test for an agent whose home is the bed's place. */
export type MakeDriver = (options: {
  agentId: string;
  ledger: HostLedger;
  home: string;
  environment?: NodeJS.ProcessEnv;
  cgroupRoot?: string | null;
}) => SandboxDriver;

export interface ContractSubject {
  readonly name: string;
  readonly makeDriver: MakeDriver;
}

/** One driver of an agent of its own, with a place on the disk for its jobs. */
export class DriverBed {
  readonly agentId = randomBytes(32).toString("hex");
  readonly place = mkdtempSync(join(tmpdir(), "houseguest-driver-"));
  readonly ledger: HostLedger = memoryLedger();
  readonly driver: SandboxDriver;
  readonly #sandboxes: Sandbox[] = [];
  readonly #namespaces: HeldNamespace[] = [];
  readonly #yields: boolean;
  #leases = 0;

  /** @param yields whether its jobs leave the processors to whatever else this host does, as the driver has it */
  constructor(makeDriver: MakeDriver, { yields = false } = {}) {
    this.#yields = yields;
    this.driver = makeDriver({ agentId: this.agentId, ledger: this.ledger, home: this.place });
  }

  request(command: string[], environment: Record<string, string> = {}): SandboxRequest {
    this.#leases += 1;
    const workspace = join(this.place, `workspace-${this.#leases}`);
    mkdirSync(workspace, { mode: 0o700 });
    return {
      leaseId: `lease-${this.#leases}`,
      jobId: `job-${this.#leases}`,
      epoch: 1,
      agentId: this.agentId,
      job: JobSpec.parse({ command, environment }),
      workspace,
      logFile: join(this.place, `job-${this.#leases}.log`),
    };
  }

  /** Starts a request and sees to its end. */
  async run(request: SandboxRequest): Promise<Sandbox> {
    const sandbox = await this.driver.start(request);
    this.#sandboxes.push(sandbox);
    if (!this.#yields) competeForProcessors(sandbox.pid);
    return sandbox;
  }

  /** Starts a shell script as a job; `$0` is `job`. */
  async start(
    script: string,
    environment: Record<string, string> = {},
    spec: { readonly workspaceBytesMax?: number } = {},
  ): Promise<Started> {
    const plain = this.request(["sh", "-c", script, "job"], environment);
    const request = { ...plain, job: { ...plain.job, ...spec } };
    const sandbox = await this.run(request);
    const file = (name: string): string => join(request.workspace, name);
    const held = holdPidNamespaceOf({ agentId: this.agentId, leaseId: request.leaseId });
    if (held !== null) this.#namespaces.push(held);
    const namespace = held?.name ?? null;
    return {
      ...{ sandbox, request, file },
      namespacePids: () => (namespace === null ? [] : pidsInNamespace(namespace)),
      async pids(name, count) {
        const pids = await pidsIn(file(name), count);
        return namespace === null ? pids : pids.map((pid) => hostPidOf(pid, namespace));
      },
    };
  }

  /**
   * Freezes at once, and again until nothing is seen running. A freeze gives up waiting after half a second and says who
   * is still running then: on busy processors, whoever was told to stop may have got none to stop on.
   */
  async freeze(): Promise<FreezeResult> {
    let result = this.driver.freezeAll();
    const isStill = (): boolean => {
      if (result.running.length > 0) result = this.driver.freezeAll();
      return result.running.length === 0;
    };
    await until(isStill, "nothing runs any more");
    return result;
  }

  /** Ends everything and proves, without asking the driver, that nothing is left. */
  async close(): Promise<void> {
    this.driver.thawAll();
    const ended = await Promise.all(
      this.#sandboxes.map((sandbox) => sandbox.terminate({ graceMs: 0, deadlineMs: 60_000 })),
    );
    this.driver.close();
    const wiped = await wipeDirectory(this.place);
    const enclosed = this.#namespaces.flatMap(({ name }) => pidsInNamespace(name));
    for (const namespace of this.#namespaces) namespace.close();
    expect(ended.flatMap(({ left }) => left)).toEqual([]);
    expect(processesOf(this.agentId)).toEqual([]);
    expect(enclosed).toEqual([]);
    expect(findCgroupsNamed(parentCgroupName(this.agentId))).toEqual([]);
    expect(this.ledger.live()).toEqual([]);
    expect(wiped.left).toEqual([]);
  }
}

export interface Started {
  readonly sandbox: Sandbox;
  readonly request: SandboxRequest;
  /** A path in its workspace. */
  readonly file: (name: string) => string;
  /** Waits for so many pids, each on a line of a file that the job writes, and says what the host calls them. */
  readonly pids: (name: string, count: number) => Promise<number[]>;
  /** Everything alive in its PID namespace; empty where that is the host's own. */
  readonly namespacePids: () => number[];
}

/**
 * Gives a job a tenth of the share of an ordinary program (sched(7), "The autogroup feature"). One that yields has a
 * seventieth, and gets no further while another file's tests keep every processor busy; many with a whole share, most
 * of which do nothing but burn it, would keep the other file from getting any further.
 */
function competeForProcessors(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "10");
  } catch {
    // It has ended, or this user or kernel has no say in it: then it does not yield either.
  }
}

/** Live processes that carry an agent's marker, read by nobody's code but this. */
export function processesOf(agentId: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const marked = readFileSync(`/proc/${pid}/environ`, "latin1").includes(`HOUSEGUEST_AGENT=${agentId}`);
        return marked && isRunning(pid);
      } catch {
        return false;
      }
    });
}

/** Alive and no zombie. */
export function isRunning(pid: number): boolean {
  const state = readProcess(pid)?.state ?? "X";
  return state !== "Z" && state !== "X";
}

/** Ends what only a failed test leaves running. */
export function killIfAlive(pid: number): void {
  if (isRunning(pid)) process.kill(pid, "SIGKILL");
}

/** User and system time of all threads of a process, in clock ticks. */
export function cpuTicks(pid: number): number {
  const stat = readProcess(pid);
  assert(stat !== null, `process ${pid} is there`);
  return stat.cpuTicks;
}

/** Waits for a condition that has no event of its own. */
export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!condition()) {
    assert(performance.now() < deadline, `in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Waits for the lines of a file that jobs append to; each is a pid. */
export async function pidsIn(path: string, count: number): Promise<number[]> {
  const read = (): number[] =>
    existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number) : [];
  await until(() => read().length >= count, `${count} pids in ${path}`);
  return read();
}
