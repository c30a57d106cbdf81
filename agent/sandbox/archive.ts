import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarHeader } from "modern-tar";

import type { SourceEntry } from "./checkpoint-tree.ts";

/** The tar side of a checkpoint; modern-tar is used here alone. */
export interface ArchiveWriter {
  readonly readable: ReadableStream<Uint8Array>;
  /** Begins an entry. A file's content is written to what it returns; of anything else the entry is closed already. */
  add(entry: SourceEntry): Promise<WritableStreamDefaultWriter<Uint8Array>>;
  end(): void;
  fail(reason: unknown): void;
}

/** The largest time that a ustar header holds, in seconds; pax records hold any. */
const ustarSecondsMax = 8 ** 11 - 1;

export function archiveWriter(): ArchiveWriter {
  const { readable, controller } = createTarPacker();
  return {
    readable,
    async add(entry) {
      const writer = controller.add(headerOf(entry)).getWriter();
      // Its failure is the archive's, and reaches whoever writes or ends it.
      writer.closed.catch(() => undefined);
      if (entry.kind !== "file") await writer.close();
      return writer;
    },
    end: () => controller.finalize(),
    fail: (reason) => controller.error(reason),
  };
}

/** What an archive says of one entry, and its content. */
export interface ArchivedEntry {
  readonly text: string;
  readonly kind: string;
  readonly mode: number;
  readonly bytes: number;
  readonly target: string;
  readonly modifiedSeconds: number;
  readonly body: ReadableStream<Uint8Array>;
}

/** A decoder that refuses whatever is not exactly a tar archive. */
export function archiveReader(): {
  readonly writable: WritableStream<Uint8Array>;
  readonly entries: AsyncIterable<ArchivedEntry>;
} {
  const { readable, writable } = createTarDecoder({ strict: true });
  return { writable, entries: describeAll(readable) };
}

async function* describeAll(entries: ReadableStream<ParsedTarEntry>): AsyncGenerator<ArchivedEntry> {
  for await (const { header, body } of entries) {
    yield {
      text: header.name,
      kind: header.type ?? "file",
      mode: header.mode ?? 0,
      bytes: header.size,
      target: header.linkname ?? "",
      modifiedSeconds: Number(header.pax?.["mtime"] ?? "NaN"),
      body,
    };
  }
}

function headerOf(entry: SourceEntry): TarHeader {
  const seconds = Number(entry.modifiedUs / 1_000_000n);
  return {
    name: entry.text,
    type: entry.kind,
    size: entry.bytes,
    mode: entry.mode,
    uid: 0,
    gid: 0,
    mtime: new Date(Math.min(Math.max(seconds, 0), ustarSecondsMax) * 1_000),
    pax: { mtime: secondsText(entry.modifiedUs) },
    ...(entry.target === undefined ? {} : { linkname: entry.target }),
  };
}

function secondsText(us: bigint): string {
  const magnitude = us < 0n ? -us : us;
  const fraction = String(magnitude % 1_000_000n).padStart(6, "0");
  return `${us < 0n ? "-" : ""}${magnitude / 1_000_000n}.${fraction}`;
}
