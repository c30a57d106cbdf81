// Loaded into a program before its own modules (node --import): its wall clock is wrong by so many milliseconds from its
// start on, as after somebody set the clock of its machine. Clocks that never jump stay as they are.
const aheadMs = Number(process.env.HOUSEGUEST_CLOCK_AHEAD_MS ?? "0");
const { now } = Date;
const { timeOrigin } = performance;

Date.now = () => now() + aheadMs;
globalThis.Date = class extends Date {
  /** @param {any[]} time */
  constructor(...time) {
    if (time.length === 0) super(Date.now());
    // @ts-expect-error -- whatever a date can be made of
    else super(...time);
  }
};
Object.defineProperty(performance, "timeOrigin", { value: timeOrigin + aheadMs });
