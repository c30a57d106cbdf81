import type { UploadKey, UploadRecord } from "../../../broker-sim/core/records.ts";
import { uploadIdOf } from "../../../broker-sim/core/upload-list.ts";
import { assert } from "../../../foundation/assert.ts";
import type { ChoiceStream } from "../kernel/choices.ts";

/** A run of bytes: those of the file that has that digest, from one offset to another. */
export interface Segment {
  /** What the file that it was read from had at that moment, whatever it was to have. */
  readonly of: string;
  readonly from: number;
  readonly to: number;
}

interface Upload {
  readonly key: UploadKey;
  segments: Segment[];
}

/** The digest of whatever nobody meant to send. */
const garbage = "e".repeat(64);

/** What the broker's disk has of uploads. Chunks are not synced one by one, so the last ones may be lost with the power. */
export class UploadStore {
  readonly #uploads = new Map<string, Upload>();

  get size(): number {
    return this.#uploads.size;
  }

  load(): UploadRecord[] {
    return Array.from(this.#uploads.values(), ({ key, segments }) => ({ ...key, bytes: bytesOf(segments) }));
  }

  bytes(key: UploadKey): number {
    return bytesOf(this.#uploads.get(uploadIdOf(key))?.segments ?? []);
  }

  /** Writes at the offset, over what lies there and behind. @returns false when what lies before it is not there */
  append(key: UploadKey, segment: Segment): boolean {
    const id = uploadIdOf(key);
    const upload = this.#uploads.get(id) ?? { key, segments: [] };
    const kept = upload.segments
      .filter(({ from }) => from < segment.from)
      .map((one) => ({ ...one, to: Math.min(one.to, segment.from) }));
    if (bytesOf(kept) !== segment.from) return false;
    upload.segments = [...kept, segment];
    this.#uploads.set(id, upload);
    return true;
  }

  measure(key: UploadKey): string {
    const segments = this.#uploads.get(uploadIdOf(key))?.segments ?? [];
    const [first] = segments;
    if (first === undefined) return garbage;
    return segments.every(({ of }) => of === first.of) ? first.of : garbage;
  }

  /** It is no upload any more, or never was one. */
  remove(key: UploadKey): void {
    this.#uploads.delete(uploadIdOf(key));
  }

  /** Everything is forgotten. */
  clear(): void {
    this.#uploads.clear();
  }

  /** The broker's machine stopped: of each upload all is there (benign), or not the last chunk, or nothing, or not as it was. */
  losePower(stream: ChoiceStream): void {
    for (const [id, upload] of this.#uploads) {
      const fate = stream.upTo("kept", 5);
      if (fate === 1) upload.segments = upload.segments.slice(0, -1);
      else if (fate === 2) upload.segments = [];
      else if (fate >= 3) upload.segments = upload.segments.map((one) => ({ ...one, of: garbage }));
      if (bytesOf(upload.segments) === 0) this.#uploads.delete(id);
    }
  }
}

function bytesOf(segments: readonly Segment[]): number {
  let bytes = 0;
  for (const { from, to } of segments) {
    assert(from === bytes, "what lies in a file lies without a gap");
    bytes = to;
  }
  return bytes;
}
