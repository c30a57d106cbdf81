import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";

import * as z from "zod";

import { assert } from "../../foundation/assert.ts";
import { messageOf } from "../../foundation/errors.ts";
import type { NotUndone } from "../../protocol/verdict.ts";
import { performUndo } from "./perform-undo.ts";
import { describeUndo, finishCommand, UndoAction } from "./undo-action.ts";

const Entry = z.discriminatedUnion("entry", [
  z.strictObject({ entry: z.literal("do"), id: z.int(), action: UndoAction }),
  z.strictObject({ entry: z.literal("undone"), id: z.int() }),
]);

/**
 * The fault ledger: a write-ahead list of what the harness does to the host. An action is on the disk before the deed,
 * and struck off after it is undone, last in first out; what a killed harness left is found here by `scenarios heal`.
 */
export class UndoLedger {
  readonly #descriptor: number;
  readonly #open = new Map<number, UndoAction>();
  /** Homes of agents that did not withdraw. */
  readonly #kept: string[] = [];
  readonly #spoiled: number[] = [];
  #nextId = 0;

  private constructor(path: string) {
    this.#descriptor = openSync(path, "a", 0o600);
  }

  /** Opens the ledger of a run; what an earlier process left in it counts as done and not yet undone. */
  static open(path: string): UndoLedger {
    const lines = wholeLines(path);
    const ledger = new UndoLedger(path);
    for (const [index, line] of lines.entries()) {
      const entry = parseEntry(line);
      if (entry === undefined) {
        ledger.#spoiled.push(index + 1);
        continue;
      }
      ledger.#nextId = Math.max(ledger.#nextId, entry.id + 1);
      if (entry.entry === "do") ledger.#open.set(entry.id, entry.action);
      else ledger.#open.delete(entry.id);
    }
    return ledger;
  }

  /** Lines that cannot be read: deeds that nobody can undo by this ledger any more. */
  get spoiledLines(): readonly number[] {
    return this.#spoiled;
  }

  /** What is done and not undone, oldest first. */
  get open(): readonly UndoAction[] {
    return [...this.#open.values()];
  }

  /** Registers how to undo a deed; returns once that is on the disk, and the deed may be done. */
  register(action: UndoAction): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#append({ entry: "do", id, action });
    this.#open.set(id, action);
    return id;
  }

  /** Undoes one deed now; it stays on the ledger when that fails. */
  async undo(id: number): Promise<NotUndone | undefined> {
    const action = this.#open.get(id);
    if (action === undefined) return undefined;
    const why = this.#keptFor(action) ?? (await performUndo(action)) ?? this.#strike(id);
    if (why === undefined) return undefined;
    if (action.undo === "withdraw-agent") this.#kept.push(action.home);
    return { what: describeUndo(action), why, finishWith: finishCommand(action) };
  }

  /** Takes back a registration whose deed was never done. */
  forget(id: number): void {
    this.#strike(id);
  }

  /**
   * Undoes everything, last in first out; one that fails does not keep the others from being undone. What could not be
   * undone is tried once more when the rest is gone: an agent that was kept busy, what a broker bears that has ended.
   */
  async undoAll(): Promise<NotUndone[]> {
    const failed = await this.#undoOpen();
    if (failed.length === 0) return failed;
    this.#kept.length = 0;
    return await this.#undoOpen();
  }

  async #undoOpen(): Promise<NotUndone[]> {
    const failed: NotUndone[] = [];
    for (const id of inOrder(this.#open)) {
      const left = await this.undo(id);
      if (left !== undefined) failed.push(left);
    }
    return failed;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** An agent that could not be withdrawn needs its home, which holds its ledger, for the command that finishes it. */
  #keptFor(action: UndoAction): string | undefined {
    if (action.undo !== "remove-directory" && action.undo !== "unmount") return undefined;
    const home = this.#kept.find((path) => path.startsWith(`${action.path}/`));
    return home === undefined ? undefined : `it holds ${home}, whose agent has not withdrawn`;
  }

  /** Why a finished undo could not be written down (a full disk); it is then done once more by whoever comes next. */
  #strike(id: number): string | undefined {
    try {
      this.#append({ entry: "undone", id });
    } catch (error) {
      return `it is undone, but the ledger cannot be written: ${messageOf(error)}`;
    }
    this.#open.delete(id);
    return undefined;
  }

  #append(entry: z.infer<typeof Entry>): void {
    const line = `${JSON.stringify(entry)}\n`;
    const written = writeSync(this.#descriptor, line);
    assert(written === Buffer.byteLength(line), "a ledger entry is written whole");
    fsyncSync(this.#descriptor);
  }
}

/** Last in first out, but for brokers that were started again after agents had joined: an agent withdraws from one. */
function inOrder(open: ReadonlyMap<number, UndoAction>): number[] {
  const ids = [...open.keys()].reverse();
  const agents = ids.filter((id) => open.get(id)?.undo === "withdraw-agent");
  const isLate = (id: number) => {
    const action = open.get(id);
    return action?.undo === "kill-process" && action.name === "broker" && id > Math.min(...agents);
  };
  const late = ids.filter(isLate);
  const rest = ids.filter((id) => !isLate(id));
  const lastAgent = rest.findLastIndex((id) => agents.includes(id));
  return rest.toSpliced(lastAgent + 1, 0, ...late);
}

/** The lines of a ledger. A torn last one is cut off: it was to be on the disk before its deed, which was never begun. */
function wholeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(path, end);
  return bytes.subarray(0, end).toString("utf8").split("\n").filter(Boolean);
}

function parseEntry(line: string): z.infer<typeof Entry> | undefined {
  try {
    return Entry.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
