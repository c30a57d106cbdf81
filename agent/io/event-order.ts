/** The ids of a broker's events: which start of it, and the how manieth event of an agent's (protocol: `BOOT-NUMBER`). */
const idPattern = /^(.+)-(\d+)$/;

interface EventId {
  readonly boot: string;
  readonly number: number;
}

/**
 * In which order events were sent, whatever order they arrive in. Of a pause and a resume the later one holds: one that it
 * has overtaken is void. Everything else says something for itself, and is heard whenever it comes.
 */
export class EventOrder {
  #latest: EventId | null = null;
  #command: EventId | null = null;
  #text = "";

  /** The id of the latest event by its number, for a connection that goes on after it; empty where none had one. */
  get latestId(): string {
    return this.#text;
  }

  /** Takes an event as it arrives. @returns whether it is to be heeded */
  take(id: string, event: string): boolean {
    // Hints have none.
    if (id === "") return true;
    const read = readId(id);
    if (!isBefore(read, this.#latest)) {
      this.#latest = read;
      this.#text = id;
    }
    if (event !== "pause" && event !== "resume") return true;
    if (isBefore(read, this.#command)) return false;
    this.#command = read;
    return true;
  }
}

function readId(id: string): EventId | null {
  const [, boot, number] = idPattern.exec(id) ?? [];
  return boot === undefined ? null : { boot, number: Number(number) };
}

/** Of different starts, and of ids that are not a broker's of ours, none is before another. */
function isBefore(one: EventId | null, other: EventId | null): boolean {
  return one !== null && other !== null && one.boot === other.boot && one.number < other.number;
}
