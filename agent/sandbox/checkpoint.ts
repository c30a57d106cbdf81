/** Checkpoints of a workspace: what one is, stands in `protocol/checkpoint-manifest.ts`. */
export { CheckpointError } from "./checkpoint-error.ts";
export { removeOtherCheckpoints } from "./checkpoint-files.ts";
export { restoreCheckpoint } from "./restore-checkpoint.ts";
export { saveCheckpoint, type SavedCheckpoint } from "./save-checkpoint.ts";
export { readProgress, readResult } from "./job-output.ts";
