import { HouseguestError } from "../../foundation/errors.ts";

/**
 * A checkpoint could not be saved or restored. `code`: `too-large`, `not-written`, `workspace-changed` from saving;
 * `not-read`, `digest-mismatch`, `manifest-broken`, `archive-broken`, `not-restored`, `workspace-not-empty` from
 * restoring.
 */
export class CheckpointError extends HouseguestError {
  override readonly name = "CheckpointError";
}
