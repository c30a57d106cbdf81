import type { Writable } from "node:stream";

import { systemCode, UsageError } from "../foundation/errors.ts";
import { wantsColor } from "./color-choice.ts";
import type { ReporterOutput } from "./reporter.ts";

const columnsDefault = 100;
const columnsMin = 20;

export interface StreamOutput extends ReporterOutput {
  /**
   * Resolves when all that was written has left this process, or its reader has gone.
   *
   * @throws UsageError `output` when it could not be written for another reason (a full disk)
   */
  flushed(): Promise<void>;
}

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/**
 * A reporter's output over a stream of this process. A stream that fails (`| head`, a closed terminal, a full disk) ends
 * the writing and nothing else: whoever reports a run must still undo what the run did.
 */
export function streamOutput(
  stream: OutputStream,
  { color = true, environment = process.env }: { color?: boolean; environment?: NodeJS.ProcessEnv } = {},
): StreamOutput {
  const terminal = stream.isTTY === true;
  const health = healthOf(stream);
  const usable = () => health.error === undefined && !stream.destroyed;
  return {
    write(text) {
      if (usable()) stream.write(text);
    },
    get columns() {
      return Math.max(columnsMin, stream.columns ?? columnsIn(environment));
    },
    color: wantsColor({ refused: !color, environment, terminal }),
    live: terminal && environment["TERM"] !== "dumb",
    async flushed() {
      if (usable()) await new Promise<void>((resolve) => stream.write("", () => resolve()));
      if (health.error === undefined || isReaderGone(health.error)) return;
      throw new UsageError(`The output could not be written: ${systemCode(health.error) ?? health.error.message}.`, {
        code: "output",
        next: "Look whether the disk is full, or write elsewhere.",
        cause: health.error,
      });
    },
  };
}

interface StreamHealth {
  error: Error | undefined;
}

/** One listener a stream, however often it is written to. */
const watched = new WeakMap<OutputStream, StreamHealth>();

function healthOf(stream: OutputStream): StreamHealth {
  const known = watched.get(stream);
  if (known !== undefined) return known;
  const health: StreamHealth = { error: undefined };
  watched.set(stream, health);
  stream.on("error", (error) => {
    health.error ??= error;
  });
  return health;
}

/** Whether nobody reads any more what could not be written, which is no failure of the writer. */
export function isReaderGone(error: unknown): boolean {
  return readerGone.has(systemCode(error) ?? "");
}

/** EPIPE: the pipe's reader is gone; EIO: the terminal is. */
const readerGone = new Set(["EPIPE", "EIO", "ERR_STREAM_DESTROYED"]);

function columnsIn(environment: NodeJS.ProcessEnv): number {
  const told = Number(environment["COLUMNS"]);
  return Number.isInteger(told) && told > 0 ? told : columnsDefault;
}
