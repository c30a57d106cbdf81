import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { cgroupPids, childCgroups } from "../../agent/sandbox/cgroup.ts";
import { messageOf } from "../../foundation/errors.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import type { HostStage } from "../stages/host/host-stage.ts";
import { allPids, isAlive, type ProcessStat, processStat } from "../stages/host/proc.ts";
import { type CpuTimes, cpuTimes, type Witness } from "../stages/host/witness.ts";
import { StepError } from "../steps/step-error.ts";
import type { AgentCommand, AgentDefinition, ForeignAgent } from "./define-agent.ts";
import { standsStill } from "./stands-still.ts";

type Field = "join" | "status" | "pause" | "resume" | "withdraw";

/** One agent of the cast that is somebody else's, as its adapter drives it. */
export class Guest {
  readonly name: string;
  readonly slots: number;
  readonly definition: AgentDefinition;
  readonly #stage: HostStage;
  /** What `pids` of the adapter told last. */
  #told: readonly ProcessStat[] = [];
  #commands = 0;
  /** Since it was paused. */
  frozen: { readonly before: CpuTimes; readonly sinceMs: number } | undefined;
  /** Of the undo ledger: how it is taken off if nobody else does. */
  readonly undo: number;

  constructor(stage: HostStage, { name, slots }: { name: string; slots: number }, definition: AgentDefinition) {
    this.#stage = stage;
    this.name = name;
    this.slots = slots;
    this.definition = definition;
    const { undo, withdraw } = definition;
    const command = undo ?? (withdraw as AgentCommand);
    this.undo = stage.options.ledger.register({ undo: "run-command", command: this.#filled(command) });
  }

  get home(): string {
    return join(this.#stage.place, this.name);
  }

  /**
   * Does what the adapter says, by its command or its function.
   *
   * @returns what a function returned, or a command printed
   * @throws StepError `adapter-failed`
   */
  async act(field: Field, withinMs: number): Promise<unknown> {
    const how = this.definition[field];
    const signal = AbortSignal.any([this.#stage.options.signal, AbortSignal.timeout(withinMs)]);
    try {
      const given = this.given(signal);
      const done = typeof how === "function" ? await how(given) : await given.run(how as AgentCommand);
      // Of one that is gone nobody may be able to tell.
      if (field !== "withdraw") await this.look(signal);
      return done;
    } catch (error) {
      this.#stage.options.signal.throwIfAborted();
      const late = signal.aborted ? ` within ${withinMs / 1_000} s` : "";
      throw new StepError(`${this.definition.name} could not ${field}${late}: ${messageOf(error)}`, {
        code: "adapter-failed",
        next: `What its commands printed is in the run directory's logs/${this.name}.log.`,
        cause: error,
      });
    }
  }

  given(signal: AbortSignal): ForeignAgent {
    const { broker } = this.#stage;
    return {
      ...{ name: this.name, home: this.home, slots: this.slots, signal },
      broker: broker === undefined ? undefined : { url: broker.url, joinToken: broker.joinToken },
      pids: () => this.processes(),
      run: (command, { env = {} } = {}) => this.#run(this.#filled(command), { env, signal }),
    };
  }

  /** Asks the adapter which processes are its agent's. */
  async look(signal: AbortSignal): Promise<void> {
    const told = (await this.definition.pids?.(this.given(signal))) ?? [];
    this.#told = told.flatMap((pid) => processStat(pid) ?? []);
    for (const pid of this.processes()) this.#stage.see(pid, "agent");
  }

  /** Live processes: in the cgroup in which its commands ran, told by the adapter, and all that descend from these. */
  processes(): number[] {
    const own = this.#stage.cgroupOf(this.name);
    const held = own === undefined ? [] : [own, ...childCgroups(own)].flatMap((path) => cgroupPids(path));
    const found = new Set([...held, ...this.#told.filter((one) => isAlive(one)).map(({ pid }) => pid)]);
    for (let before = -1; before < found.size; ) {
      before = found.size;
      for (const pid of allPids()) if (found.has(processStat(pid)?.parentPid ?? 0)) found.add(pid);
    }
    return [...found].filter((pid) => {
      const state = processStat(pid)?.state;
      return state !== undefined && state !== "Z" && state !== "X";
    });
  }

  /** A look from outside at all of its processes. */
  witness(): Witness {
    const running = () => this.processes().filter((pid) => !standsStill(pid));
    return {
      source: "proc",
      allStopped: () => running().length === 0,
      isComplete: () => true,
      processes: () => this.processes(),
      running,
      stopped: () => this.processes().filter(standsStill),
      close: () => undefined,
    };
  }

  /** From here on nothing of it may run. */
  watchFrozen(): number {
    const before = cpuTimes(this.processes());
    this.frozen = { before, sinceMs: performance.now() };
    return before.size;
  }

  #filled(command: readonly string[]): string[] {
    const { broker } = this.#stage;
    const values: Readonly<Record<string, string>> = {
      ...{ name: this.name, home: this.home, slots: String(this.slots), pid: String(this.#told[0]?.pid ?? "") },
      ...{ broker: broker?.url ?? "", token: broker?.joinToken ?? "" },
    };
    return command.map((word) => word.replaceAll(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole));
  }

  async #run(
    command: readonly string[],
    { env, signal }: { env: Readonly<Record<string, string>>; signal: AbortSignal },
  ): Promise<string> {
    const { options } = this.#stage;
    const logFile = join(options.directory.logs, `${this.name}.log`);
    const [file = "", ...args] = [...this.#entering(), ...command];
    const log = openSync(logFile, "a", 0o600);
    this.#commands += 1;
    const printedFile = join(options.directory.logs, `${this.name}-printed-${this.#commands}.log`);
    const printed = openSync(printedFile, "wx", 0o600);
    // Files and no pipes: a daemon that it starts may hold them open for ever.
    const child = spawn(file, args, {
      ...{ detached: true, stdio: ["ignore", printed, log], signal, killSignal: "SIGKILL" },
      env: { ...process.env, ...env, [runMarker]: options.id },
    });
    closeSync(log);
    closeSync(printed);
    if (child.pid !== undefined) this.#stage.see(child.pid, "agent");
    const ended = await new Promise<string | number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, name) => resolve(name ?? code));
    });
    if (ended !== 0) throw new Error(`\`${command.join(" ")}\` ended with ${ended}.${lastLine(logFile)}`);
    const text = readFileSync(printedFile, "utf8");
    rmSync(printedFile);
    return text;
  }

  /** A shell that moves itself into the agent's cgroup and becomes the program. */
  #entering(): string[] {
    const cgroup = this.#stage.cgroupOf(this.name);
    if (cgroup === undefined) return [];
    mkdirSync(cgroup, { recursive: true });
    return ["/bin/sh", "-c", 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"', "sh", cgroup];
  }
}

function lastLine(logFile: string): string {
  const line = readFileSync(logFile, "utf8").trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : ` It said: ${line.slice(0, 300)}`;
}
