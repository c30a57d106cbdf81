import { constants } from "node:fs";
import { type FileHandle, open, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import type { ResidueReport } from "../../protocol/residue-report.ts";
import { sarifOf } from "../../protocol/residue-sarif.ts";
import { jsonPieces } from "./json-pieces.ts";

/**
 * Where a report goes, tried before anything is run. A file that is there keeps its content until there is a new one;
 * one that is not is made, so that the baseline already has it.
 */
class ReportFile {
  readonly #path: string;
  /** Of a pipe or a device, which may be opened only once; null for a file. */
  readonly #passage: FileHandle | null;
  readonly #isNew: boolean;
  #isWritten = false;

  private constructor(path: string, { passage, isNew }: { passage: FileHandle | null; isNew: boolean }) {
    this.#path = path;
    this.#passage = passage;
    this.#isNew = isNew;
  }

  /** @throws UsageError `report-file` when it cannot be written to */
  static async open(path: string): Promise<ReportFile> {
    try {
      const made = await openNew(path);
      const handle = made ?? (await open(path, constants.O_WRONLY));
      const isFile = (await handle.stat()).isFile();
      if (isFile) await handle.close();
      return new ReportFile(path, { passage: isFile ? null : handle, isNew: made !== null });
    } catch (error) {
      throw new UsageError(`The report file ${path} cannot be written: ${messageOf(error)}.`, {
        code: "report-file",
        next: "Name a file in a folder that exists and that you may write to.",
        cause: error,
      });
    }
  }

  /** @returns what went wrong, in words; null when all of it was written */
  async write(report: object): Promise<string | null> {
    try {
      await writeFile(this.#passage ?? this.#path, jsonPieces(report));
      this.#isWritten = true;
      return null;
    } catch (error) {
      return `The report could not be written to ${this.#path}: ${messageOf(error)}.`;
    }
  }

  /** Takes away a file that was made for a report that never came, or not as a whole. */
  async close(): Promise<void> {
    await this.#passage?.close();
    if (this.#isNew && !this.#isWritten) await rm(this.#path, { force: true });
  }
}

/** Where reports go, by what is to be written there. */
export interface ReportFiles {
  /** Writes the report to each, in its form; says what could not be written, in words. */
  write(report: ResidueReport): Promise<string[]>;
  close(): Promise<void>;
}

/** @throws UsageError `report-file` when one of them cannot be written to */
export async function openReportFiles(paths: {
  readonly report?: string | undefined;
  readonly sarif?: string | undefined;
}): Promise<ReportFiles> {
  const files: { file: ReportFile; form: (report: ResidueReport) => object }[] = [];
  const close = async () => {
    for (const { file } of files) await file.close();
  };
  if (paths.report !== undefined && paths.sarif !== undefined && resolve(paths.report) === resolve(paths.sarif)) {
    throw new UsageError(`Both reports would go to ${paths.report}.`, {
      code: "report-file",
      next: "Give --report and --sarif a file each.",
    });
  }
  try {
    if (paths.report !== undefined) files.push({ file: await ReportFile.open(paths.report), form: (report) => report });
    if (paths.sarif !== undefined) files.push({ file: await ReportFile.open(paths.sarif), form: sarif });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    write: async (report) => {
      const problems: string[] = [];
      // One after the other: the text of one at a time takes room.
      for (const { file, form } of files) {
        const problem = await file.write(form(report));
        if (problem !== null) problems.push(problem);
      }
      return problems;
    },
  };
}

const sarif = (report: ResidueReport): object => sarifOf(report, (ms) => new Date(ms).toISOString());

async function openNew(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if (systemCode(error) === "EEXIST") return null;
    throw error;
  }
}
