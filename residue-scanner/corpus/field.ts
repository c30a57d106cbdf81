import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { readProcess } from "../collectors/processes.ts";
import type { Outcome } from "./judge.ts";
import type { CorpusItem } from "./item.ts";
import { runScript } from "./scripts.ts";
import type { Variables } from "./variables.ts";

const perl = "/usr/bin/perl";
const shell = "/bin/sh";

/**
 * Where one run of the corpus keeps its scripts, its programs and the journal of what it may have to undo: the undoing
 * scripts of all items are there before anything is done to the host, so that a killed run can be undone by another.
 */
export class Field {
  readonly directory: string;
  readonly variables: Variables;

  private constructor(variables: Variables) {
    this.variables = variables;
    this.directory = variables["W"] as string;
  }

  /** @throws UsageError where this host lacks what the scripts need */
  static create(items: readonly CorpusItem[], variables: Variables): Field {
    if (!existsSync(perl))
      throw new UsageError(`The corpus needs ${perl}.`, { code: "no-perl", next: "Install it: apt-get install perl." });
    const field = new Field(variables);
    const { directory } = field;
    for (const below of ["", "bin", "kept", "p", "scripts"]) mkdirSync(join(directory, below), { mode: 0o755 });
    writeIdentity(join(directory, "runner"), process.pid);
    const settings = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
    writeFileSync(join(directory, "env.sh"), settings.join(""));
    for (const file of ["prelude.sh", "helper.pl", "files.pl", "kernel.pl", "asked.pl"])
      copyFileSync(join(import.meta.dirname, "shell", file), join(directory, file));
    for (const item of items) field.#writeItem(item);
    // Last: whoever undoes this run takes it that all the scripts named here are there.
    writeFileSync(join(directory, "order"), items.map(({ name }) => `${name}\n`).join(""));
    // Copies, so that whatever runs here is known by its program, and the host's own keep their links and times.
    execFileSync("cp", ["--dereference", perl, join(directory, "bin/perl")]);
    for (const name of ["job", "neighbour"]) execFileSync("cp", ["--dereference", shell, join(directory, "bin", name)]);
    return field;
  }

  #writeItem({ name, before, act, steady, undo }: CorpusItem): void {
    mkdirSync(join(this.directory, "p", name));
    for (const [step, script] of Object.entries({ before, act, steady, undo })) {
      if (script === undefined) continue;
      writeFileSync(join(this.directory, "scripts", `${step}-${name}.sh`), `. "$W/prelude.sh"\n${script}\n`);
    }
  }

  /** Does what must be there before the baseline. */
  prepare(item: CorpusItem): Outcome {
    const lacking = (item.needs ?? []).filter((command) => !isCommand(command));
    if (lacking.length > 0) return { status: "skipped", reason: `this host has no ${lacking.join(", no ")}` };
    if (item.before === undefined) return { status: "done", reason: "" };
    return outcomeOf(runScript(this.directory, `before-${item.name}`));
  }
}

/** Exit code 77 is what a script ends with where the host does not allow it. */
export function outcomeOf({ exitCode, said }: { exitCode: number; said: string }): Outcome {
  if (exitCode === 0) return { status: "done", reason: "" };
  return { status: exitCode === 77 ? "skipped" : "broken", reason: said === "" ? `exit code ${exitCode}` : said };
}

function isCommand(name: string): boolean {
  const directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return directories.some((directory) => existsSync(join(directory, name)));
}

/** Whether the process that made a field still runs. */
export function isInUse(directory: string): boolean {
  return runningPid(join(directory, "runner")) !== null;
}

/** Writes down who a process is, so that it can be told from a later one with its number. */
export function writeIdentity(path: string, pid: number): void {
  writeFileSync(path, `${pid} ${readProcess(pid)?.startTime ?? ""}`);
}

/** @returns the pid of the process that was written down, while it runs; null where there is none */
export function runningPid(path: string): number | null {
  try {
    const [pid, startTime] = readFileSync(path, "utf8").split(" ");
    const fact = readProcess(Number(pid));
    return fact !== null && fact.startTime === startTime && fact.state !== "Z" ? fact.pid : null;
  } catch {
    return null;
  }
}
