/**
 * Resumable uploads, after draft-ietf-httpbis-resumable-upload: an upload has a resource of its own, HEAD says how much
 * of it is there, and PATCH appends at exactly that offset or is refused (409 `offset-mismatch`, with the offset). Two
 * things are simpler here: the resource is named by whoever uploads (the lease, and the SHA-256 of the whole), so that
 * nothing has to be created first and nothing forgotten across a restart; and each PATCH says the length of the whole.
 * The whole counts only when it has the digest that its address says.
 */

/** The media type of a chunk. */
export const chunkType = "application/partial-upload";

/** Header fields; their values are integers and booleans of RFC 9651 (`?1`, `?0`). */
export const uploadFields = {
  offset: "upload-offset",
  complete: "upload-complete",
  length: "upload-length",
} as const;

/** How much of an upload the broker has. */
export interface UploadStatus {
  /** In bytes, from the beginning. */
  readonly offset: number;
  /** Whether it is whole, and its digest was verified. */
  readonly complete: boolean;
}

/** Where a chunk belongs. */
export interface ChunkPlace {
  /** Of its first byte. */
  readonly offset: number;
  /** Of the whole, in bytes. */
  readonly length: number;
  /** Whether nothing comes after it. */
  readonly complete: boolean;
}

type Field = (name: string) => string | null | undefined;

export function uploadStatusFields({ offset, complete }: UploadStatus): Record<string, string> {
  return { [uploadFields.offset]: String(offset), [uploadFields.complete]: complete ? "?1" : "?0" };
}

/** Undefined when the fields are missing or are not what they should be. */
export function readUploadStatus(field: Field): UploadStatus | undefined {
  const offset = readInteger(field(uploadFields.offset));
  const complete = readBoolean(field(uploadFields.complete));
  return offset === undefined || complete === undefined ? undefined : { offset, complete };
}

export function chunkFields({ offset, length, complete }: ChunkPlace): Record<string, string> {
  return { ...uploadStatusFields({ offset, complete }), [uploadFields.length]: String(length) };
}

/** Undefined when the fields are missing or are not what they should be. */
export function readChunkPlace(field: Field): ChunkPlace | undefined {
  const status = readUploadStatus(field);
  const length = readInteger(field(uploadFields.length));
  return status === undefined || length === undefined ? undefined : { ...status, length };
}

/** Of at most 15 digits, as RFC 9651 has them; never negative here. */
function readInteger(value: string | null | undefined): number | undefined {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function readBoolean(value: string | null | undefined): boolean | undefined {
  return value === "?1" ? true : value === "?0" ? false : undefined;
}
