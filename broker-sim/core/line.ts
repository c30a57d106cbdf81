/** What can stand in one line: its neighbours there, and whether it does. */
export interface Standing<T> {
  inLine: boolean;
  before: T | null;
  after: T | null;
}

/** A new one that stands nowhere. */
export const nowhere = { inLine: false, before: null, after: null } as const;

/**
 * A queue whose members carry their own places, so that whoever has one in hand moves it without a look-up, and the
 * oldest is found at once however many have left before.
 */
export class Line<T extends Standing<T>> {
  oldest: T | null = null;
  #newest: T | null = null;

  /** Puts it behind all others; one that is there keeps its place. */
  add(member: T): void {
    if (member.inLine) return;
    member.inLine = true;
    member.before = this.#newest;
    if (this.#newest === null) this.oldest = member;
    else this.#newest.after = member;
    this.#newest = member;
  }

  delete(member: T): void {
    if (!member.inLine) return;
    const { before, after } = member;
    if (before === null) this.oldest = after;
    else before.after = after;
    if (after === null) this.#newest = before;
    else after.before = before;
    member.inLine = false;
    member.before = null;
    member.after = null;
  }
}
