import type { ListedReading } from "../../../core/fact.ts";
import { kernelCalls } from "../../kernel-calls.ts";

/** struct timex of adjtimex(2) on 64-bit Linux. */
const timexBytes = 208;
const at = { frequency: 16, status: 40, constant: 48, tick: 88, taiOffset: 160 } as const;
/** What is asked of the clock: to follow a reference (STA_PLL, STA_FLL, STA_PPS…), to insert or delete a second. */
const unsynchronised = 0x0040;
const askedBits = 0x00ff & ~unsynchronised;

/** How the clock is adjusted: how fast it goes, in 2^-16 parts per million, and how many µs a tick adds to it. */
export function collectClock(): ListedReading {
  const calls = kernelCalls();
  const timex = Buffer.alloc(timexBytes);
  if (calls === null || calls.adjtimex(calls.addressOf(timex)) < 0)
    return { facts: [], unseen: ["how the clock is adjusted cannot be asked for"] };
  const status = timex.readInt32LE(at.status);
  // Whoever keeps it in step with others' clocks (chronyd, ntpd) turns it all the time.
  const isKept = (status & unsynchronised) === 0;
  return {
    facts: [
      {
        ...{ key: "clock", subject: "frequency of the clock", location: "clock", uid: null },
        attributes: {
          ...(!isKept && { frequency: Number(timex.readBigInt64LE(at.frequency)) }),
          tick: Number(timex.readBigInt64LE(at.tick)),
          taiOffset: timex.readInt32LE(at.taiOffset),
          status: status & askedBits,
        },
        show: "adjtimex --print",
      },
    ],
    unseen: [],
  };
}
