/** Where a job writes its progress, in its workspace; it is told by `HOUSEGUEST_PROGRESS_FILE`. */
export const progressFileName = ".houseguest-progress";
/** Where a job leaves its result, in its workspace; it is told by `HOUSEGUEST_RESULT_FILE`. */
export const resultFileName = ".houseguest-result";
/** A job's TMPDIR, in its workspace. */
export const temporaryDirectoryName = ".tmp";
