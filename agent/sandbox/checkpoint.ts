/** Checkpoints of a workspace: what one is, stands in `protocol/checkpoint-manifest.ts`. */
export { restoreCheckpoint } from "./restore-checkpoint.ts";
export { saveCheckpoint, type SavedCheckpoint } from "./save-checkpoint.ts";
