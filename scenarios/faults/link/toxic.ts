import * as z from "zod";

import { unreachable } from "../../../foundation/assert.ts";

const Ms = z.int().min(1).max(600_000);

/**
 * One small thing that is wrong with a line (after Toxiproxy's toxics); several at once add up. A line carries bytes in
 * their order, so that nothing here loses, repeats or reorders a message: TCP itself would mend that.
 */
export const Toxic = z.discriminatedUnion("type", [
  /** Each byte arrives so much later, and by up to so much more. */
  z.strictObject({ type: z.literal("latency"), latencyMs: Ms, jitterMs: z.int().min(0).max(600_000).optional() }),
  /** No more than so many bytes a second, of each connection. */
  z.strictObject({ type: z.literal("bandwidth"), bytesPerS: z.int().min(1) }),
  /** What was written at once arrives in pieces of so many bytes, so long after one another. */
  z.strictObject({
    type: z.literal("slice"),
    bytes: z.int().min(1).max(65_536),
    delayMs: z.int().min(0).max(10_000).optional(),
  }),
  /** Nothing arrives, and nobody hears of it: connections stay open. What was sent arrives when it is healed. */
  z.strictObject({ type: z.literal("blackhole") }),
  /** Every connection is reset, at once or after so many bytes, and every new one too. */
  z.strictObject({ type: z.literal("reset"), afterBytes: z.int().min(1).optional() }),
  /** The receiver is told that nothing more comes, and what its sender says after that is lost. */
  z.strictObject({ type: z.literal("half-close") }),
]);
export type Toxic = z.infer<typeof Toxic>;

export const toxicDirections = ["both", "to-broker", "to-agent"] as const;
export type ToxicDirection = (typeof toxicDirections)[number];

/** What a toxic did so far. */
export interface ToxicCount {
  /** Connections that it reset or closed, and those that it held something of. */
  readonly connections: number;
  readonly pieces: number;
  readonly bytes: number;
  /** By how much later its pieces arrived, in all, in milliseconds. */
  readonly delayMs: number;
}

/** What has to be there if it has an effect, and what is there. */
export function toxicEffect(toxic: Toxic, count: ToxicCount): { seen: boolean; lookedFor: string; found: string } {
  const { connections, pieces, bytes, delayMs } = count;
  const lateMs = pieces === 0 ? 0 : delayMs / pieces;
  const late = `${bytes} bytes in ${pieces} pieces came ${lateMs.toFixed(0)} ms late on the average`;
  switch (toxic.type) {
    case "latency":
      return { seen: pieces > 0 && lateMs >= toxic.latencyMs, lookedFor: "bytes that came later", found: late };
    case "bandwidth":
      return { seen: delayMs > 0, lookedFor: "bytes that had to wait for others", found: late };
    case "slice":
      return { seen: pieces > 1, lookedFor: "writes that came in pieces", found: late };
    case "blackhole": {
      // Who drops packets knows of no connections.
      const where = connections === 0 ? `in ${pieces} pieces` : `of ${connections} connections`;
      const found = `${bytes} bytes ${where} did not arrive`;
      return { seen: bytes > 0, lookedFor: "bytes that did not arrive", found };
    }
    case "reset": {
      const found = `${connections} connections were reset`;
      return { seen: connections > 0, lookedFor: "connections that were reset", found };
    }
    case "half-close": {
      const found = `one side of ${connections} connections was closed, and ${bytes} bytes were lost`;
      return { seen: connections > 0, lookedFor: "connections of which one side was closed", found };
    }
    default:
      return unreachable(toxic);
  }
}
