import type { Writable } from "node:stream";

import { systemCode } from "../foundation/errors.ts";
import { wantsColor } from "./color-choice.ts";
import type { ReporterOutput } from "./reporter.ts";

const columnsDefault = 100;
const columnsMin = 20;

export interface StreamOutput extends ReporterOutput {
  /** Resolves when all that was written has left this process, or cannot leave it any more. */
  flushed(): Promise<void>;
}

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/**
 * A reporter's output over a stream of this process. A reader that goes away (`| head`, a closed terminal) ends the
 * writing quietly and nothing else: whoever reports a run must still undo what the run did.
 */
export function streamOutput(
  stream: OutputStream,
  { color = true, environment = process.env }: { color?: boolean; environment?: NodeJS.ProcessEnv } = {},
): StreamOutput {
  const terminal = stream.isTTY === true;
  let readerGone = false;
  stream.on("error", (error) => {
    // EPIPE: the pipe's reader is gone; EIO: the terminal is. Anything else is not ours to hide.
    if (!gone.has(systemCode(error) ?? "")) throw error;
    readerGone = true;
  });
  return {
    write(text) {
      if (!readerGone && !stream.destroyed) stream.write(text);
    },
    get columns() {
      return Math.max(columnsMin, stream.columns ?? columnsIn(environment));
    },
    color: wantsColor({ refused: !color, environment, terminal }),
    live: terminal && environment["TERM"] !== "dumb",
    flushed: () =>
      new Promise((resolve) => {
        if (readerGone || stream.destroyed) resolve();
        else stream.write("", () => resolve());
      }),
  };
}

const gone = new Set(["EPIPE", "EIO", "ERR_STREAM_DESTROYED"]);

function columnsIn(environment: NodeJS.ProcessEnv): number {
  const told = Number(environment["COLUMNS"]);
  return Number.isInteger(told) && told > 0 ? told : columnsDefault;
}
