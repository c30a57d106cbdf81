import { existsSync, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

const chunkBytes = 256 * 1024;
/** Where the file system tells nothing of changes (a network's), it is looked at so often all the same. */
const lookMsMax = 1_000;

/**
 * The lines of a history from `offset` on as they are written, each with the offset after it; ends when the run has a
 * verdict and all lines before it are told, or with the signal.
 *
 * @param offset in bytes, at the beginning of a line
 */
export async function* followHistory(
  runDirectory: string,
  { offset = 0, signal }: { readonly offset?: number; readonly signal: AbortSignal },
): AsyncGenerator<{ readonly line: string; readonly next: number }> {
  const changes = new Changes(runDirectory);
  signal.addEventListener("abort", () => changes.close(), { once: true });
  let file: FileHandle | undefined;
  try {
    let at = offset;
    while (!signal.aborted) {
      // Before the last look: what was written before the verdict is read then.
      const ended = existsSync(join(runDirectory, "verdict.json"));
      file ??= await open(join(runDirectory, "history.jsonl"), "r").catch(() => undefined);
      if (file !== undefined) {
        for await (const told of linesFrom(file, at)) {
          yield told;
          at = told.next;
          if (signal.aborted) return;
        }
      }
      if (ended) return;
      await changes.next();
    }
  } finally {
    changes.close();
    await file?.close();
  }
}

/** Whole lines only: the last one may still be written. */
async function* linesFrom(file: FileHandle, offset: number): AsyncGenerator<{ line: string; next: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let next = offset;
  for (let at = offset; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      next += end + 1;
      yield { line: rest.toString("utf8", 0, end), next };
      rest = rest.subarray(end + 1);
    }
  }
}

/** That something in a folder changed since it was asked the last time. */
export class Changes {
  #changed = true;
  #closed = false;
  #wake: (() => void) | undefined;
  readonly #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(folder: string) {
    this.#watcher = watched(folder, () => this.#tell());
    this.#timer = setInterval(() => this.#tell(), lookMsMax);
  }

  async next(): Promise<void> {
    if (!this.#changed && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#changed = false;
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearInterval(this.#timer);
    this.#tell();
  }

  #tell(): void {
    this.#changed = true;
    this.#wake?.();
    this.#wake = undefined;
  }
}

function watched(folder: string, tell: () => void): FSWatcher | undefined {
  try {
    return watch(folder, tell).on("error", () => undefined);
  } catch {
    // No more watches are to be had, or the folder is not there yet: the timer looks.
    return undefined;
  }
}
