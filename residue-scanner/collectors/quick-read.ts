import { closeSync, openSync, readSync } from "node:fs";

/** Asked for at once: more than most files have, and the kernel clears a buffer of its own as long as what is asked for. */
const firstBytes = 4_096;
const bufferBytes = 65_536;
const buffer = Buffer.allocUnsafeSlow(bufferBytes);

/**
 * A small file as text, one character a byte: an open, the reads and a close, which for files of /proc and /sys costs
 * about half of what `readFileSync` does.
 *
 * @throws what open(2) and read(2) throw
 */
export function readQuickly(path: string | Buffer): string {
  return readUntil(path, (bytes) => bytes === 0);
}

/** The same of a file that the kernel hands out in one piece (a setting, a record of a process), however long it is. */
export function readRecord(path: string): string {
  return readUntil(path, (bytes, asked) => bytes < asked);
}

function readUntil(path: string | Buffer, isEnd: (bytes: number, asked: number) => boolean): string {
  const descriptor = openSync(path, "r");
  try {
    let text = "";
    for (let asked = firstBytes; ; asked = bufferBytes) {
      const bytes = readSync(descriptor, buffer, 0, asked, null);
      text += buffer.toString("latin1", 0, bytes);
      if (isEnd(bytes, asked)) return text;
    }
  } finally {
    closeSync(descriptor);
  }
}
