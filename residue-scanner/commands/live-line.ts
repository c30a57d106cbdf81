import { systemClock } from "../../foundation/clock.ts";

const periodMs = 100;
/** Back to the beginning of the line, and nothing more in it. */
const erase = "\r\x1b[2K";

/**
 * Says on a terminal what goes on and for how long already, in one line that is gone afterwards. Elsewhere it says
 * nothing: a pipe or a file keeps what is written to it.
 */
export async function withLiveLine<T>(
  text: string,
  work: () => Promise<T>,
  to: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write"> = process.stderr,
): Promise<T> {
  if (!to.isTTY) return await work();
  const startedMs = systemClock.monotonicMs();
  const show = () => {
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
    to.write(`${erase}${`${text} … ${seconds} s`.slice(0, Math.max(1, (to.columns || 80) - 1))}`);
  };
  show();
  const timer = setInterval(show, periodMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    to.write(erase);
  }
}
