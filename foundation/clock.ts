/** Time as the cores and the programs see it; the simulator brings its own. */
export interface Clock {
  /** Wall time in milliseconds since the epoch, with a fraction. Compared across processes of one host. */
  nowMs(): number;
  /** Milliseconds of a clock that never jumps, from an arbitrary origin; only differences mean something. */
  monotonicMs(): number;
}

/** The clock of the machine. Its wall time is as fine as the monotonic clock's, so that events of one host sort. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
};
