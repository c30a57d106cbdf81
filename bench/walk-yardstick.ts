import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of which entries the C program reads extended attributes; `some` is what the snapshot reads (ADR 2). */
export const xattrModes = ["none", "some", "all"] as const;
export type XattrMode = (typeof xattrModes)[number];

export interface YardstickWalk {
  readonly entries: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The C program walk-yardstick.c, compiled into a directory of its own. */
export class WalkYardstick {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns null where there is no C compiler */
  static build(): WalkYardstick | null {
    const directory = mkdtempSync(join(tmpdir(), "houseguest-bench-"));
    const yardstick = new WalkYardstick(directory);
    const source = join(import.meta.dirname, "walk-yardstick.c");
    const { status, stderr } = spawnSync("cc", ["-O2", "-pthread", "-o", yardstick.#program, source], {
      encoding: "utf8",
    });
    if (status === 0) return yardstick;
    yardstick.remove();
    // No `status` is no compiler; one that refuses its own yardstick is a mistake in the yardstick.
    if (status !== null) throw new Error(`cc: ${stderr}`);
    return null;
  }

  get #program(): string {
    return join(this.#directory, "walk-yardstick");
  }

  walk(mode: XattrMode, roots: readonly string[]): YardstickWalk {
    const started = performance.now();
    const { status, stdout } = spawnSync(this.#program, ["2", mode, ...roots], { encoding: "utf8" });
    const seconds = (performance.now() - started) / 1000;
    if (status !== 0) throw new Error(`the C walker ended with ${status}`);
    const [entries = 0, , , microseconds = 0] = stdout.split(" ").map(Number);
    return { entries, seconds, cpuSeconds: microseconds / 1e6 };
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
