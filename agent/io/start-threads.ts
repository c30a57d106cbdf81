import { stat } from "node:fs/promises";

/**
 * Has libuv start the threads on which it reads files and compresses checkpoints. It does so at the first such work, all
 * at once, and ends the process where it gets none (uv__threadpool, `init_threads`): an agent that came to that only when
 * it was to pause would be gone where a job has taken every process that there is (WC-11).
 */
export async function startThreads(): Promise<void> {
  await stat(process.execPath);
}
