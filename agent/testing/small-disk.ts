import { execFileSync } from "node:child_process";
import { closeSync, openSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import { type OnFinished, temporaryDirectory } from "./temporary-home.ts";

/** A file system of its own, that small, and gone after the test. Needs root. */
export class SmallDisk {
  readonly place: string;

  constructor(options: string, onFinished: OnFinished) {
    const place = temporaryDirectory(onFinished);
    // Lazily, because what a failed test leaves running may stand in it.
    onFinished(() => void execFileSync("umount", ["--lazy", place]));
    execFileSync("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "none", place]);
    this.place = place;
  }

  /** Takes every byte that is left. */
  fill(): void {
    const file = openSync(join(this.place, "fill"), "a");
    try {
      for (let bytes = Buffer.alloc(4_096); ; writeSync(file, bytes)) bytes = Buffer.alloc(4_096);
    } catch (error) {
      if (systemCode(error) !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  get bytesFree(): number {
    const { bavail, bsize } = statfsSync(this.place);
    return bavail * bsize;
  }
}
