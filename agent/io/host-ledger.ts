import { assert } from "../../foundation/assert.ts";
import type { Note } from "../core/effect.ts";
import { type HostLedger, type HostResource, resourceKey } from "../host-resource.ts";
import { autostartNames } from "../autostart/port.ts";
import { AgentError } from "./agent-error.ts";
import { JournalFile } from "./journal-file.ts";

type Entry =
  | { readonly op: "acquire"; readonly resource: HostResource }
  | { readonly op: "release"; readonly key: string }
  | { readonly op: "note"; readonly key: string; readonly value: unknown };

/** The notes that the core knows nothing of. */
type BodyNoteKey = "home" | "damaged" | `autostart:${string}`;

/** The kinds of notes that this release writes; another one may write more, which only it knows how to give back. */
const knownNotes: Record<KindOf<Note["key"] | BodyNoteKey>, true> = {
  ...{ home: true, damaged: true, membership: true, pause: true, activity: true, withdrawal: true },
  ...{ autostart: true, lease: true },
};
type KindOf<Key extends string> = Key extends `${infer Kind}:${string}` ? Kind : Key;
const knownKinds: Record<HostResource["kind"], true> = {
  ...{ directory: true, file: true, key: true, socket: true, cgroup: true, crontab: true, processes: true },
};

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
  remember({ key, value }: Note | { readonly key: BodyNoteKey; readonly value: unknown }): void {
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

  /** Whether the file is as this process has written it; looked at now. */
  condition(): "whole" | "changed" | "gone" {
    return this.#closed ? "gone" : this.#file.condition();
  }

  /** Writes it anew from what this process knows. */
  rewrite(): void {
    this.#compact();
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
    const isLong = this.#lines > this.#resources.size + this.#notes.size + this.#staleLinesMax;
    // In a home that somebody has removed there is no place for another.
    if (isLong && this.#file.condition() !== "gone") this.#compact();
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
    if (typeof entry.op === "string" && !isKnown(entry)) throw newer(path, line);
    if (entry.op === "acquire" && typeof resourceKey(entry.resource) === "string") return entry;
    if ((entry.op === "release" || entry.op === "note") && typeof entry.key === "string") return entry;
    throw new Error("no such entry");
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    throw new AgentError(`The host ledger ${path} is damaged: ${JSON.stringify(line.slice(0, 80))} is not an entry.`, {
      code: "ledger-damaged",
      next: "Look at that line: repair or delete it, then run the same command again.",
      cause,
    });
  }
}

function isKnown(entry: Entry): boolean {
  if (entry.op === "acquire") return Object.hasOwn(knownKinds, entry.resource.kind);
  if (entry.op === "release") return true;
  if (entry.op !== "note" || !Object.hasOwn(knownNotes, entry.key.split(":", 1)[0] ?? "")) return false;
  if (entry.value === null || !entry.key.startsWith("autostart")) return true;
  return (autostartNames as readonly unknown[]).includes((entry.value as { name?: unknown }).name);
}

function newer(path: string, line: string): AgentError {
  return new AgentError(
    `The host ledger ${path} was written by a newer release: this one does not know ${JSON.stringify(line.slice(0, 80))}.`,
    {
      code: "ledger-newer",
      next: "Run the command with that release, or a later one: only it knows how to give everything back. Nothing was done.",
    },
  );
}
