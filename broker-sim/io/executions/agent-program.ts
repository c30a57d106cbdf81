import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { messageOf } from "../../../foundation/errors.ts";
import { joinTokenVariable, spawnEnvironment } from "../../../protocol/job-environment.ts";
import type { SpawnSpec } from "../../../protocol/executions.ts";
import { ExecutionId } from "../../../protocol/identifiers.ts";
import { makeDirectory } from "../make-directory.ts";
import { ownPassingDirectory } from "./passing-directory.ts";

/** Where an agent joins. */
export interface AgentBroker {
  readonly url: string;
  /** A token that lets one more agent in. @throws when there is none to be had */
  readonly joinToken: () => Promise<string>;
}

export interface AgentStart {
  readonly executionId: string;
  readonly spec: SpawnSpec;
  readonly url: string;
  readonly joinToken: string;
}

export interface AgentProgramOptions {
  /** The program `donor-agent` and what stands before its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Homes and logs lie here, by the executions' ids. */
  readonly directory: string;
  /** Under which the agents are found again. */
  readonly brokerId: string;
  /** They end when this process does, however it ends. */
  readonly endsWithBroker: boolean;
}

/** How long the last withdrawal may take, and how long it is waited for at most; milliseconds. */
const withdrawMs = 10_000;
const withdrawMsMax = 30_000;
/** The most of an agent's last words that is told. */
const lastWordsMax = 500;

/** How `donor-agent` is run: in the foreground, as a child in a session of its own, with a home of its own. */
export class AgentProgram {
  readonly #options: AgentProgramOptions;

  constructor(options: AgentProgramOptions) {
    this.#options = options;
  }

  home(executionId: string): string {
    return join(this.#options.directory, executionId);
  }

  /** The executions of which something lies here. */
  homes(): string[] {
    const { directory } = this.#options;
    const names = existsSync(directory) ? readdirSync(directory) : [];
    const executionIds = names.map((name) => name.replace(/\.(log|exit)$/, ""));
    return [...new Set(executionIds)].filter((name) => ExecutionId.safeParse(name).success).sort();
  }

  /** Starts it; a program that cannot be run is told by the child's `error` event. */
  start({ executionId, spec, url, joinToken }: AgentStart): ChildProcess {
    const { command, directory, brokerId, endsWithBroker } = this.#options;
    if (endsWithBroker) ownPassingDirectory(directory, brokerId);
    else makeDirectory(directory);
    const [program, ...first] = command;
    const how = ["--broker", url, "--slots", String(spec.slots), "--sandbox", spec.sandbox];
    const log = openSync(this.#log(executionId), "a", 0o600);
    try {
      const child = spawn(program, [...first, "join", "--foreground", "--home", this.home(executionId), ...how], {
        // The launcher ends the agent when the channel closes (bin/launch.mjs).
        stdio: ["ignore", log, log, ...(endsWithBroker ? (["ipc"] as const) : [])],
        detached: true,
        env: {
          ...process.env,
          [joinTokenVariable]: joinToken,
          [spawnEnvironment.executionId]: executionId,
          [spawnEnvironment.brokerId]: brokerId,
          [spawnEnvironment.exitFile]: this.#exitFile(executionId),
        },
      });
      child.unref();
      child.channel?.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  /**
   * Has an agent that runs no more withdrawn: its key is revoked, its jobs are handed back and ended, its home goes.
   *
   * @returns what could not be cleaned up, and how it can; null when nothing is left
   */
  async sweep(executionId: string): Promise<string | null> {
    const home = this.home(executionId);
    if (existsSync(home)) {
      const left = await this.#withdraw(home);
      if (left !== null || existsSync(home)) {
        return `${left ?? "its home is still there"}; donor-agent withdraw --home ${home} cleans it up`;
      }
    }
    for (const file of [this.#log(executionId), this.#exitFile(executionId)]) rmSync(file, { force: true });
    return null;
  }

  /** What it said last; null when it said nothing. */
  lastWords(executionId: string): string | null {
    try {
      const lines = readFileSync(this.#log(executionId), "utf8").trim().split("\n");
      const last = lines.at(-1)?.slice(0, lastWordsMax);
      return last === undefined || last === "" ? null : last;
    } catch {
      // It was swept, or never written.
      return null;
    }
  }

  /** What it ended with, where it left that; null of one that was killed, or runs. */
  exitCode(executionId: string): number | null {
    try {
      const text = readFileSync(this.#exitFile(executionId), "utf8");
      return /^\d{1,3}\n$/.test(text) ? Number(text) : null;
    } catch {
      return null;
    }
  }

  #exitFile(executionId: string): string {
    return resolve(this.#options.directory, `${executionId}.exit`);
  }

  #log(executionId: string): string {
    return join(this.#options.directory, `${executionId}.log`);
  }

  async #withdraw(home: string): Promise<string | null> {
    const [program, ...first] = this.#options.command;
    const how = ["--home", home, "--deadline", String(withdrawMs), "--reason", "the broker that started it ended it"];
    const child = spawn(program, [...first, "withdraw", ...how], { stdio: "ignore", timeout: withdrawMsMax });
    const { promise, resolve } = Promise.withResolvers<string | null>();
    child.once("error", (error) => resolve(`it could not be withdrawn: ${messageOf(error)}`));
    child.once("exit", (code, signal) => resolve(code === 0 ? null : `its withdrawal ended with ${code ?? signal}`));
    return promise;
  }
}
