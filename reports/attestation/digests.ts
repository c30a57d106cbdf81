import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import * as z from "zod";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { Digest } from "../../protocol/identifiers.ts";

/** A digest set (in-toto Attestation Framework, `spec/v1/digest_set.md`): here always and only SHA-256, in hexadecimal. */
export const Digests = z.strictObject({ sha256: Digest });
export type Digests = z.infer<typeof Digests>;

export function digestsOf(bytes: Uint8Array): Digests {
  return { sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** @throws UsageError `unreadable` */
export async function fileDigests(path: string): Promise<Digests> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "unreadable",
      next: "Name a file that exists and that you may read.",
      cause: error,
    });
  }
  return { sha256: hash.digest("hex") };
}
