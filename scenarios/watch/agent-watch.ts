import { type FSWatcher, watch } from "chokidar";

import { limits } from "../../foundation/limits.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";

/** How deep under an agent's home: its own files and each sandbox's top, not what the jobs write inside. */
const depthMax = 3;

/**
 * Follows the agents' directories while they live and puts what appears and vanishes into the history. Watching is not
 * auditing: it tells the story, the scanner judges.
 */
export class AgentWatch {
  readonly #record: RecordEvent;
  readonly #watchers: FSWatcher[] = [];
  #events = 0;

  constructor(record: RecordEvent) {
    this.#record = record;
  }

  /** Begins to follow a directory, which need not exist yet. */
  async follow(path: string): Promise<void> {
    const watcher = watch(path, { depth: depthMax, ignoreInitial: false, followSymlinks: false });
    this.#watchers.push(watcher);
    for (const change of ["add", "unlink", "addDir", "unlinkDir"] as const) {
      watcher.on(change, (changed: string) => this.#saw(change, changed));
    }
    // A directory that vanishes while it is being read is what withdrawal is about.
    watcher.on("error", () => undefined);
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
  }

  #saw(change: "add" | "unlink" | "addDir" | "unlinkDir", path: string): void {
    this.#events += 1;
    // A job that makes files without end must not fill the history.
    if (this.#events <= limits.watchEventsMax) this.#record("watch.file", { change, path });
  }
}
