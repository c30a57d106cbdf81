/**
 * From when on the next event of a queue can have happened, where the kernel gives its events no time of their own: when
 * two had a pid one after the other, this tells which of them is meant. Times are monotonic, in ns.
 */
export class EventWindow {
  /** The next event of what was read did not happen before. */
  sinceNs = 0;
  private emptiedNs = 0;
  private readonly room: { readonly bytes: number; readonly eventBytesMax: number };

  /** @param room what a read has room for, and what an event takes at the most */
  constructor(room: { readonly bytes: number; readonly eventBytesMax: number }) {
    this.room = room;
  }

  /**
   * A read that left room for one more event found no more of them: what is told after it happened after it began.
   *
   * @param atNs before the read
   */
  hasRead(bytes: number, atNs: number): void {
    if (bytes + this.room.eventBytesMax <= this.room.bytes) this.emptiedNs = atNs;
    if (bytes === 0) this.takenIn();
  }

  /** Events come in order: what follows this one did not happen before its doer began. */
  passed(beganNs: number): void {
    this.sinceNs = Math.max(this.sinceNs, beganNs);
  }

  /** Of all that was read the doers are known. */
  takenIn(): void {
    this.passed(this.emptiedNs);
  }
}
