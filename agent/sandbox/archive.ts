import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarHeader } from "modern-tar";

import type { SourceEntry } from "./checkpoint-tree.ts";

/** The tar side of a checkpoint; modern-tar is used here alone. */
export interface ArchiveWriter {
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Begins an entry. A file's content is written to what it returns; of anything else the entry is closed already.
   *
   * @param storedBytes how long the map and the data of a sparse file are together; null for any other
   */
  add(entry: SourceEntry, storedBytes: number | null): Promise<WritableStreamDefaultWriter<Uint8Array>>;
  end(): void;
  fail(reason: unknown): void;
}

/** The largest time that a ustar header holds, in seconds; pax records hold any. */
const ustarSecondsMax = 8 ** 11 - 1;
const nsPerSecond = 1_000_000_000n;
/** How GNU tar marks a sparse file of its format 1.0, so that any GNU tar reads the archive. */
const sparseKey = {
  major: "GNU.sparse.major",
  minor: "GNU.sparse.minor",
  name: "GNU.sparse.name",
  realSize: "GNU.sparse.realsize",
} as const;

export function archiveWriter(): ArchiveWriter {
  const { readable, controller } = createTarPacker();
  return {
    readable,
    async add(entry, storedBytes) {
      const writer = controller.add(headerOf(entry, storedBytes)).getWriter();
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
  /** Of a sparse file, whose body begins with its map; null for any other. */
  readonly storedBytes: number | null;
  readonly target: string;
  readonly modifiedNs: bigint;
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
    const sparse = header.pax?.[sparseKey.major] === "1" && header.pax[sparseKey.minor] === "0";
    yield {
      text: header.name,
      kind: header.type === "link" ? "hardlink" : (header.type ?? "file"),
      mode: header.mode ?? 0,
      bytes: sparse ? Number(header.pax?.[sparseKey.realSize]) : header.size,
      storedBytes: sparse ? header.size : null,
      target: header.linkname ?? "",
      modifiedNs: nsOf(header.pax?.["mtime"] ?? ""),
      body,
    };
  }
}

function headerOf(entry: SourceEntry, storedBytes: number | null): TarHeader {
  const seconds = Number(entry.modifiedNs / nsPerSecond);
  return {
    name: entry.text,
    type: entry.kind === "hardlink" ? "link" : entry.kind,
    size: storedBytes ?? entry.bytes,
    mode: entry.mode,
    uid: 0,
    gid: 0,
    mtime: new Date(Math.min(Math.max(seconds, 0), ustarSecondsMax) * 1_000),
    pax: {
      mtime: secondsText(entry.modifiedNs),
      ...(storedBytes === null
        ? {}
        : {
            [sparseKey.major]: "1",
            [sparseKey.minor]: "0",
            [sparseKey.name]: entry.text,
            [sparseKey.realSize]: String(entry.bytes),
          }),
    },
    ...(entry.target === undefined ? {} : { linkname: entry.target }),
  };
}

function secondsText(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = String(magnitude % nsPerSecond).padStart(9, "0");
  return `${ns < 0n ? "-" : ""}${magnitude / nsPerSecond}.${fraction}`;
}

/** 1970 for what is no time: whoever writes an archive of ours writes one. */
function nsOf(text: string): bigint {
  const [, sign, seconds, fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) return 0n;
  const magnitude = BigInt(seconds) * nsPerSecond + BigInt(fraction.padEnd(9, "0"));
  return sign === "-" ? -magnitude : magnitude;
}
