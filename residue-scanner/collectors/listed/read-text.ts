import { readdirSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { readQuickly, readRecord } from "../quick-read.ts";

/** What there is to say of a file that a kernel without the feature does not have. */
const absentCodes = new Set(["ENOENT", "ENOTDIR", "ENODEV", "ENXIO", "ESRCH", "EOPNOTSUPP"]);

/** Reads small files of the kernel, one character a byte, and takes note of those that this user may not read. */
export class KernelTexts {
  readonly #refused: string[] = [];

  /** Null where there is no such file, or it may not be read. */
  text(path: string): string | null {
    return this.#read(path, readQuickly);
  }

  /** The same of a single value, without the line's end. */
  word(path: string): string | null {
    return this.#read(path, readRecord)?.trim() ?? null;
  }

  /** The rows of a table without its heading, as words. */
  rows(path: string, { headings = 0 }: { headings?: number } = {}): string[][] {
    const lines = this.text(path)?.split("\n") ?? [];
    return lines
      .slice(headings)
      .filter(Boolean)
      .map((line) => line.trim().split(/\s+/));
  }

  /** Names in a directory, sorted; none where it is not there. */
  names(path: string): string[] {
    try {
      return readdirSync(path, "latin1").sort();
    } catch (error) {
      this.#note(path, error);
      return [];
    }
  }

  /** What could not be seen, as a sentence's part; empty where everything was. */
  unseen(): string[] {
    const [first] = this.#refused;
    if (first === undefined) return [];
    return [
      this.#refused.length === 1
        ? `${first} cannot be read`
        : `${this.#refused.length} files cannot be read, ${first} for one`,
    ];
  }

  #read(path: string, read: (path: string) => string): string | null {
    try {
      return read(path);
    } catch (error) {
      this.#note(path, error);
      return null;
    }
  }

  #note(path: string, error: unknown): void {
    if (!absentCodes.has(systemCode(error) ?? "")) this.#refused.push(path);
  }
}
