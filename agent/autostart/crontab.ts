import { messageOf, UsageError } from "../../foundation/errors.ts";
import { ownUserName } from "../io/own-user.ts";
import { shellWord } from "../../foundation/shell-word.ts";
import type { Hook } from "./hook.ts";
import type { Autostart, AutostartRemoval, AutostartResource } from "./port.ts";
import { runCommand } from "./run-command.ts";

/** How often others may come between before it is given up. */
const attemptsMax = 5;
const lineBreak = 0x0a;
const shownReturn = String.raw`\r`;
/** At the end of an agent's line: the table came with the agents, and goes with the last of them. */
const madeByAgents = " (there was no crontab)";
const agentsLine = /^@reboot exec .* # houseguest:[0-9a-f]+( \(there was no crontab\))?\n$/;

/**
 * A line `@reboot` in a user's crontab, written by crontab(1). It is the first one, so that no `SHELL=` above it says
 * how it is run; every other byte stays as it is.
 *
 * crontab(1) replaces the whole table and knows no lock. So it is read again right before the write, and again after
 * it: whoever changed it before or after is seen, and the change is made anew on what he left. What is written in the
 * moment between the second reading and the write cannot be seen by anybody.
 *
 * A user may have several agents, and none knows of the others' ledgers. Whether there was a table before the first of
 * them is therefore written behind each of their lines.
 */
export class Crontab implements Autostart {
  readonly name = "crontab";
  readonly cannot: readonly string[] = [];
  readonly #hook: Hook;
  readonly #command: readonly string[];
  readonly #user: string;

  constructor({
    hook,
    command = ["crontab"],
    user = ownUserName(),
  }: {
    readonly hook: Hook;
    /** The program, and what it is always given. */
    readonly command?: readonly string[];
    readonly user?: string;
  }) {
    this.#hook = hook;
    this.#command = command;
    this.#user = user;
  }

  async resources(): Promise<AutostartResource[]> {
    const before = await this.#read([]);
    await this.#requireWritable(before);
    return [{ kind: "crontab", user: this.#user, existed: this.#wasThere(before) }];
  }

  async install(): Promise<void> {
    await this.#edit([], (before) => {
      const line = Buffer.from(`${this.#line()}${isOfAgents(before) ? madeByAgents : ""}\n`);
      const theirs = before === null ? [] : linesOf(before).filter((each) => !this.#isIn(each));
      return Buffer.concat([line, ...theirs]);
    });
  }

  async remove(resources: readonly AutostartResource[]): Promise<AutostartRemoval> {
    const removed: string[] = [];
    const left: string[] = [];
    for (const entry of resources) {
      if (entry.kind !== "crontab") continue;
      const what = `the line ${this.#hook.marker} in the crontab of ${entry.user}`;
      try {
        if (await this.#removeOne(entry)) removed.push(what);
      } catch (error) {
        left.push(`${what} (${messageOf(error)})`);
      }
    }
    return { removed, left };
  }

  async found(): Promise<AutostartResource[]> {
    const table = await this.#read([]);
    if (table === null || !this.#isIn(table)) return [];
    return [{ kind: "crontab", user: this.#user, existed: this.#wasThere(table) }];
  }

  async isInstalled(): Promise<boolean> {
    return this.#isIn((await this.#read([])) ?? Buffer.alloc(0));
  }

  async #removeOne({ user, existed }: { user: string; existed: boolean }): Promise<boolean> {
    const other = user === this.#user ? [] : ["-u", user];
    let found = false;
    await this.#edit(other, (before) => {
      if (before === null || !this.#isIn(before)) return before;
      found = true;
      const kept = linesOf(before).filter((line) => !this.#isIn(line));
      return kept.length === 0 && !existed ? null : Buffer.concat(kept);
    });
    return found;
  }

  async #edit(other: readonly string[], change: (before: Buffer | null) => Buffer | null): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const before = await this.#read(other);
      const next = change(before);
      if (isSame(before, next)) return;
      if (!isSame(await this.#read(other), before)) continue;
      await this.#write(other, next);
      if (isSame(await this.#read(other), next)) return;
    }
    throw refused("somebody else keeps changing it");
  }

  async #read(other: readonly string[]): Promise<Buffer | null> {
    const { exitCode, stdout, stderr } = await runCommand([...this.#command, ...other, "-l"]);
    if (exitCode === 0) return stdout.includes(shownReturn) ? await this.#readExactly(other, stdout) : stdout;
    // A user whom the system knows only by number cannot have one.
    if (exitCode !== null && /no crontab for|your UID isn't in the passw/i.test(stderr)) return null;
    if (exitCode !== null) throw refused(stderr);
    throw new UsageError(`The crontab cannot be read: ${stderr}.`, {
      code: "no-crontab",
      next: "Install cron, or choose another --autostart.",
    });
  }

  /**
   * Debian's `crontab -l` shows a carriage return as a backslash and an r, and so does not tell one from the other. The
   * editor of `crontab -e` gets the bytes as they are; this one shows them and changes nothing.
   */
  async #readExactly(other: readonly string[], listed: Buffer): Promise<Buffer> {
    const environment = { ...process.env, VISUAL: "cat", EDITOR: "cat" };
    const { exitCode, stdout } = await runCommand([...this.#command, ...other, "-e"], { environment });
    const shown = Buffer.from(stdout.toString("latin1").replaceAll("\r", shownReturn), "latin1");
    if (exitCode === 0 && shown.equals(listed)) return stdout;
    throw refused("it cannot be read byte for byte, and so not be put back as it was");
  }

  async #write(other: readonly string[], content: Buffer | null): Promise<void> {
    const { exitCode, stderr } =
      content === null
        ? await runCommand([...this.#command, ...other, "-r"])
        : await runCommand([...this.#command, ...other, "-"], { input: content });
    if (exitCode !== 0) throw refused(stderr);
  }

  /**
   * A table that was made by other means may be one that crontab(1) does not take, like one without its last line
   * break. It could not be put back as it was, and so it is not touched.
   */
  async #requireWritable(before: Buffer | null): Promise<void> {
    if (before === null || before.length === 0 || before.at(-1) === lineBreak) return;
    await this.#write([], before);
  }

  /** Whether its owner had one, be it empty. One with nothing but this agent's line came with it. */
  #wasThere(table: Buffer | null): boolean {
    if (table === null || isOfAgents(table)) return false;
    return table.length === 0 || linesOf(table).some((line) => !this.#isIn(line));
  }

  #isIn(table: Buffer): boolean {
    return table.includes(this.#hook.marker);
  }

  /** What the agent would print is in its log; cron would mail it, and so leave a file. */
  #line(): string {
    const command = this.#hook.command.map(shellWord).join(" ");
    // crontab(5): a percent sign is a line break, unless a backslash stands before it.
    return `@reboot ${`exec ${command} >/dev/null 2>&1`.replaceAll("%", String.raw`\%`)} # ${this.#hook.marker}`;
  }
}

/** Whether there is none but what agents made, and nobody else has written to. */
function isOfAgents(table: Buffer | null): boolean {
  if (table === null) return true;
  const lines = linesOf(table).map((line) => line.toString("latin1"));
  return lines.every((line) => agentsLine.test(line)) && lines.some((line) => line.endsWith(`${madeByAgents}\n`));
}

/** Each with its line break, if it has one. */
function linesOf(table: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < table.length; ) {
    const end = table.indexOf(lineBreak, start);
    const next = end === -1 ? table.length : end + 1;
    lines.push(table.subarray(start, next));
    start = next;
  }
  return lines;
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function refused(why: string): UsageError {
  return new UsageError(`The crontab cannot be changed: ${why}`, {
    code: "crontab-refused",
    next: "Look at it with `crontab -e`, or choose another --autostart.",
  });
}
