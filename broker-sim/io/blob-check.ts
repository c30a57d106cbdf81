import { createHash } from "node:crypto";
import { Transform } from "node:stream";

import { limits } from "../../foundation/limits.ts";
import { ProblemError } from "./problems.ts";

/** Lets bytes through while counting and hashing them; fails when they are too many or are not what was announced. */
export function blobCheck({ digest, bytesFree }: { digest: string; bytesFree: number }): {
  readonly stream: Transform;
  readonly bytes: () => number;
} {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limits.checkpointBytesMax) done(blobTooLarge());
      else if (bytes > bytesFree) done(blobStoreFull());
      else {
        hash.update(chunk);
        done(null, chunk);
      }
    },
    flush(done) {
      if (hash.digest("hex") === digest) done();
      else done(new ProblemError("digest-mismatch", "The bytes do not have the SHA-256 that their address says."));
    },
  });
  return { stream, bytes: () => bytes };
}

export function blobTooLarge(): ProblemError {
  return new ProblemError("too-large", `A blob has at most ${limits.checkpointBytesMax} bytes.`);
}

function blobStoreFull(): ProblemError {
  return new ProblemError("full", "The broker's store of checkpoints is full; try again when other jobs have ended.");
}
