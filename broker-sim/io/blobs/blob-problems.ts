import { ProblemError } from "../problems.ts";

export function blobStoreFull(): ProblemError {
  return new ProblemError("full", "The broker's store of checkpoints is full; try again when other jobs have ended.");
}

/** What there was of an upload is gone; its uploader begins anew. */
export function uploadGone(): ProblemError {
  const message = "What was uploaded before is gone from the broker's store; begin anew.";
  return new ProblemError("offset-mismatch", message, { expectedOffset: 0 });
}
