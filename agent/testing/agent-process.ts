import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";

import type { ControlRequest } from "../../protocol/control.ts";
import { jobEnvironment } from "../../protocol/job-environment.ts";
import { homeNote } from "../recovered.ts";
import { cgroupPids, childCgroups, findCgroupsNamed, removeCgroup } from "../sandbox/cgroup.ts";
import { parentCgroupName } from "../sandbox/job-cgroups.ts";
import { FileHostLedger } from "../io/host-ledger.ts";
import { askAgent } from "../io/control-client.ts";
import type { HomePaths } from "../io/home-paths.ts";
import type { OnFinished } from "./temporary-home.ts";
import { TinyBroker } from "./tiny-broker.ts";
import type { Timing } from "../../protocol/timing.ts";

const crashing = join(import.meta.dirname, "crashing-agent.mjs");
/** How long a test waits for what no event announces. */
const withinMs = 60_000;

/** A broker for this test. */
export async function tinyBroker(onFinished: OnFinished, timing: Partial<Timing> = {}): Promise<TinyBroker> {
  const broker = new TinyBroker(timing);
  await broker.listen();
  onFinished(() => broker.close());
  return broker;
}

export interface AgentExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One real `donor-agent` process; killed with the test if it is still there, and its jobs with it. */
export class AgentProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<AgentExit>;
  readonly #paths: HomePaths;
  #stdout = "";
  #stderr = "";

  constructor({
    paths,
    args,
    onFinished,
    environment = {},
    wrapper = [],
  }: {
    paths: HomePaths;
    args: readonly string[];
    onFinished: OnFinished;
    environment?: NodeJS.ProcessEnv;
    /** What becomes the agent, given its command. */
    wrapper?: readonly string[];
  }) {
    this.#paths = paths;
    const [program, ...rest] = [...wrapper, process.execPath, crashing, ...args, "--home", paths.home];
    this.child = spawn(program, rest, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    onFinished(async () => {
      this.child.kill("SIGKILL");
      await this.exited;
      for (const pid of jobProcesses(paths)) endProcess(pid);
      await removeCgroups(paths);
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The JSON line that it prints once it is ready. */
  async ready(): Promise<Record<string, unknown>> {
    await until(() => this.#stdout.includes("\n") || this.child.exitCode !== null);
    expect(this.#stdout, this.#stderr).toContain("\n");
    const [line = ""] = this.#stdout.split("\n");
    return JSON.parse(line) as Record<string, unknown>;
  }

  async ask(request: ControlRequest) {
    const answer = await askAgent(this.#paths.control, request, { timeoutMs: withinMs });
    if (answer === null) throw new Error(`nobody answers at ${this.#paths.control}\n${this.#stderr}`);
    return answer;
  }

  /** Whether it listens at its control socket. */
  async answers(): Promise<boolean> {
    return (await askAgent(this.#paths.control, { command: "status" }, { timeoutMs: withinMs })) !== null;
  }

  /** Waits until so many jobs run and have said how far they are. */
  async busy(sandboxes: number): Promise<void> {
    await until(async () => {
      const { status } = await this.ask({ command: "status" });
      const running = status?.sandboxes.filter(({ execution, progress }) => execution === "running" && progress > 0);
      return running?.length === sandboxes;
    }).catch((cause: unknown) => {
      throw new Error(`it did not come to work\n${this.#stderr}`, { cause });
    });
  }
}

/** Joins in the foreground, and kills the agent after what the pattern names. */
export function joinAgent({
  paths,
  broker,
  onFinished,
  slots = 2,
  crashAfter = "^$",
  environment = {},
}: {
  paths: HomePaths;
  broker: TinyBroker;
  onFinished: OnFinished;
  slots?: number;
  crashAfter?: string;
  environment?: NodeJS.ProcessEnv;
}): AgentProcess {
  const args = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", String(slots)];
  return new AgentProcess({
    paths,
    args,
    onFinished,
    environment: { HOUSEGUEST_CRASH_AFTER: crashAfter, ...environment },
  });
}

/** A job that works until it is ended, with a child of its own, and says how far it is. */
export const endlessJob = [
  "/bin/sh",
  "-c",
  `(while :; do sleep 0.05; done) & n=0; while :; do n=$((n+1)); echo $n > next; mv next "$${jobEnvironment.progressFile}"; sleep 0.02; done`,
];

/** Says once how far it is, and rests with its child: for many agents side by side, which look at each new process. */
export const restingJob = [
  "/bin/sh",
  "-c",
  `(while :; do sleep 5; done) & echo 1 > next; mv next "$${jobEnvironment.progressFile}"; while :; do sleep 5; done`,
];

/** Every process on this host whose environment says that it is a job of the agent in that home. */
export function jobProcesses({ home }: HomePaths): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "latin1");
      if (environment.includes(`${jobEnvironment.workspace}=${home}/`)) pids.push(Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  return pids;
}

/** What an agent that was killed could not give back itself. */
async function removeCgroups({ ledger }: HomePaths): Promise<void> {
  if (!existsSync(ledger)) return;
  const agentId = homeNote(new FileHostLedger(ledger))?.agentId;
  if (agentId === undefined) return;
  for (const parent of findCgroupsNamed(parentCgroupName(agentId))) {
    for (const path of [...childCgroups(parent), parent]) {
      for (const pid of cgroupPids(path)) endProcess(pid);
      await until(() => removeCgroup(path));
    }
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended while we looked.
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  { forMs = withinMs }: { readonly forMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + forMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("waited in vain");
    await sleep(20);
  }
}
