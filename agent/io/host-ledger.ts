import { assert } from "../../foundation/assert.ts";
import type { Note } from "../core/effect.ts";
import { type HostLedger, type HostResource, resourceKey } from "../host-resource.ts";
import { AgentError } from "./agent-error.ts";
import { JournalFile } from "./journal-file.ts";

type Entry =
  | { readonly op: "acquire"; readonly resource: HostResource }
  | { readonly op: "release"; readonly key: string }
  | { readonly op: "note"; readonly key: string; readonly value: unknown };

/** Told of each resource that the journal has taken in or struck off, by its key. */
type LedgerObserver = (change: "acquired" | "released", key: string) => void;

/** The journal is written anew when it has this many lines that say nothing any more. */
const staleLinesMax = 500;

/**
 * The agent's write-ahead memory, one file in its home: which resources of the host it holds, and the notes that the
 * next instance goes on from. Every change is on the disk before the call returns.
 */
export class FileHostLedger implements HostLedger {
  readonly #file: JournalFile;
  readonly #resources = new Map<string, HostResource>();
  readonly #notes = new Map<string, unknown>();
  #observer: LedgerObserver = () => undefined;
  #lines = 0;
  #staleLinesMax = staleLinesMax;
  #closed = false;

  constructor(path: string) {
    this.#file = new JournalFile(path);
    for (const line of this.#file.read()) {
      this.#apply(parseEntry(line, path));
      this.#lines += 1;
    }
  }

  /** Has every change from now on told, each when it is on the disk; what the ledger holds already is not told again. */
  observe(observer: LedgerObserver): void {
    this.#observer = observer;
  }

  acquire(resource: HostResource): void {
    this.#write({ op: "acquire", resource });
    this.#observer("acquired", resourceKey(resource));
  }

  release(key: string): void {
    assert(this.#resources.has(key), `the ledger holds ${key}`);
    this.#write({ op: "release", key });
    this.#observer("released", key);
  }

  /** Whether the disk has no room for the journal beside what is reserved for leaving. */
  get isShort(): boolean {
    return !this.#closed && this.#file.isShort;
  }

  /**
   * Takes room for what is written down on the way out.
   *
   * @throws Error ENOSPC where the disk does not give it
   */
  reserve(): void {
    this.#file.reserve();
    if (this.isShort) throw Object.assign(new Error("ENOSPC: no room for the host ledger"), { code: "ENOSPC" });
  }

  holds(key: string): boolean {
    return this.#resources.has(key);
  }

  live(): readonly HostResource[] {
    return [...this.#resources.values()];
  }

  /** Keeps a note for the next instance; null strikes it off. */
  remember({ key, value }: Note | { readonly key: "home" | "autostart"; readonly value: unknown }): void {
    if (value === null && !this.#notes.has(key)) return;
    this.#write({ op: "note", key, value });
  }

  /** The notes whose keys begin so, sorted by key. */
  notes(prefix = ""): { key: string; value: unknown }[] {
    return [...this.#notes]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Closing a closed one changes nothing. */
  close(): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }

  #write(entry: Entry): void {
    this.#file.append(JSON.stringify(entry));
    this.#apply(entry);
    this.#lines += 1;
    if (this.#lines > this.#resources.size + this.#notes.size + this.#staleLinesMax) this.#compact();
  }

  #apply(entry: Entry): void {
    if (entry.op === "acquire") this.#resources.set(resourceKey(entry.resource), entry.resource);
    else if (entry.op === "release") this.#resources.delete(entry.key);
    else if (entry.value === null) this.#notes.delete(entry.key);
    else this.#notes.set(entry.key, entry.value);
  }

  #compact(): void {
    const entries: Entry[] = [
      ...this.live().map((resource) => ({ op: "acquire", resource }) as const),
      ...[...this.#notes].map(([key, value]) => ({ op: "note", key, value }) as const),
    ];
    if (this.#file.replace(entries.map((entry) => JSON.stringify(entry)))) {
      this.#lines = entries.length;
      this.#staleLinesMax = staleLinesMax;
    } else {
      // Without room for both, the old one stays; it is tried again some lines later.
      this.#staleLinesMax += staleLinesMax;
    }
  }
}

function parseEntry(line: string, path: string): Entry {
  try {
    const entry = JSON.parse(line) as Entry;
    if (entry.op === "acquire" && typeof resourceKey(entry.resource) === "string") return entry;
    if ((entry.op === "release" || entry.op === "note") && typeof entry.key === "string") return entry;
    throw new Error("no such entry");
  } catch (cause) {
    throw new AgentError(`The host ledger ${path} is damaged: ${JSON.stringify(line.slice(0, 80))} is not an entry.`, {
      code: "ledger-damaged",
      next: "Look at that line: repair or delete it, then run the same command again.",
      cause,
    });
  }
}
