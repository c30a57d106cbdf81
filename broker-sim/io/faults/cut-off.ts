import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * A body that breaks off: after so many bytes its connection ends, though the head said that there is more. One that is
 * no longer than that is whole, and nothing happens.
 */
export function cutOff(
  source: Readable,
  { afterBytes, socket, onCut }: { readonly afterBytes: number; readonly socket: Socket; readonly onCut: () => void },
): Readable {
  const pieces = async function* (): AsyncGenerator<Buffer> {
    let left = afterBytes;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (chunk.length <= left) {
        left -= chunk.length;
        yield chunk;
        continue;
      }
      onCut();
      if (left > 0) yield chunk.subarray(0, left);
      // The head and what was yielded are handed to the socket by then; its end comes behind them.
      await nextTurn();
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.end(() => socket.destroy());
      await closed;
      return;
    }
  };
  return Readable.from(pieces(), { objectMode: false });
}
