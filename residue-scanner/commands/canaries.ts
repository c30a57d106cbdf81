import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runMarker } from "../../protocol/job-environment.ts";
import { readProcess } from "../collectors/processes.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import { toBytePath } from "../core/path-text.ts";
import { makerPattern, ownMaker } from "./maker.ts";
import type { RunCgroup } from "./run-cgroup.ts";

/** Waits to be told, makes the file, says so, and stays until its input ends: it must be there at both readings. */
const stranger = 'read go && : > "$1" && echo made && read end';

/** How its files are called: by which scanner made them, so that the next one knows what a killed one left. */
export const canaryName = new RegExp(`^houseguest-canary-[ab]-(?<maker>${makerPattern})-[0-9a-f]{12}$`);

/**
 * Two files that the scanner plants in a run to prove that it finds what is left, and whose: one as the command leaves
 * it, and one by a process that ran before the recorder listened, as somebody else leaves it.
 */
export class Canaries {
  readonly planted: NonNullable<AttributionContext["canaries"]>;
  readonly #paths: readonly [own: string, foreign: string];
  readonly #stranger: ChildProcess;

  private constructor(paths: readonly [string, string], child: ChildProcess) {
    this.#paths = paths;
    this.#stranger = child;
    this.planted = [
      { side: "job", path: toBytePath(paths[0]) },
      { side: "foreign", path: toBytePath(paths[1]) },
    ];
  }

  /** To be called before the recorder is started: a stranger is who ran before it. */
  static async prepare(): Promise<Canaries | null> {
    // No name of the run's stands in them: by that alone anybody could tell.
    const name = (side: string) => `houseguest-canary-${side}-${ownMaker()}-${randomBytes(6).toString("hex")}`;
    const place = (side: string) => join(realpathSync(tmpdir()), name(side));
    const paths = [place("a"), place("b")] as const;
    // In a session of its own, where no Ctrl-C for the command ends it.
    const child = spawn("sh", ["-c", stranger, "sh", paths[1]], { stdio: ["pipe", "pipe", "ignore"], detached: true });
    const isStarted = await Promise.race([
      once(child, "spawn").then(() => true),
      once(child, "error").then(() => false),
    ]);
    return isStarted ? new Canaries(paths, child) : null;
  }

  /**
   * Plants both.
   *
   * @returns the process that planted the command's side, as the run's own are known
   */
  async plant({
    runId,
    cgroup,
  }: {
    runId: string;
    cgroup: RunCgroup | null;
  }): Promise<AttributionContext["processes"]> {
    const env = { ...process.env, [runMarker]: runId };
    const start = () => spawn("sh", ["-c", ': > "$1"', "sh", this.#paths[0]], { stdio: "ignore", env });
    const child = cgroup === null ? start() : cgroup.enclose(start);
    const fact = child.pid === undefined ? null : readProcess(child.pid);
    const { stdin, stdout } = this.#stranger;
    stdin?.on("error", () => undefined);
    stdin?.write("go\n");
    const made = stdout === null ? Promise.resolve() : Promise.race([once(stdout, "data"), once(stdout, "end")]);
    await Promise.all([once(child, "exit"), made]);
    return fact === null ? [] : [{ pid: fact.pid, startTime: fact.startTime, role: "job" }];
  }

  /** Takes both away, and lets the stranger go. */
  async remove(): Promise<void> {
    for (const path of this.#paths) rmSync(path, { force: true });
    if (this.#stranger.exitCode !== null || this.#stranger.signalCode !== null) return;
    const ended = once(this.#stranger, "exit");
    this.#stranger.stdin?.end();
    await ended;
    // It may have made its file only now.
    for (const path of this.#paths) rmSync(path, { force: true });
  }
}
