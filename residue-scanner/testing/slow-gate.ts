/** Words of the memory through which a test follows the thread, `gate` of the options of `slow-recorder.ts`. */
export const gateWord = {
  /** While it is 0, nobody who asks for touches gets an answer. */
  isOpen: 0,
  /** How often it was told to stop. */
  stops: 1,
  /** Ends the thread, whatever it was told. */
  isOver: 2,
  /** Whether it has ended. */
  hasEnded: 3,
} as const;
export const gateWords = 4;
