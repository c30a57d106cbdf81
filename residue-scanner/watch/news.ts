import { touchKindsOf } from "../core/touch-chains.ts";
import type { WatchedTouch } from "./recorder-messages.ts";
import type { DirectoryPaths } from "./directory-paths.ts";

/** A reader that does not keep up is told how many it missed. */
const itemsMax = 20_000;

interface Item {
  readonly directory: string;
  readonly name: string;
  kinds: number;
  readonly by: number;
  readonly atMs: number;
}

/** What happened since somebody asked last, for those who watch. */
export class News {
  private items: Item[] = [];
  private missed = 0;
  private readonly paths: DirectoryPaths;

  constructor(paths: DirectoryPaths) {
    this.paths = paths;
  }

  add(item: Item): void {
    const last = this.items.at(-1);
    if (last?.by === item.by && last.name === item.name && last.directory === item.directory) last.kinds |= item.kinds;
    else if (this.items.length < itemsMax) this.items.push({ ...item });
    else this.missed += 1;
  }

  take(): { touches: WatchedTouch[]; missed: number } {
    const touches = this.items.map(({ directory, name, kinds, by, atMs }) => {
      const parent = this.paths.pathOf(directory);
      const path = parent === null ? null : name === "." ? parent : `${parent === "/" ? "" : parent}/${name}`;
      return { path, name, kinds: touchKindsOf(kinds), by, atMs };
    });
    const { missed } = this;
    this.items = [];
    this.missed = 0;
    return { touches, missed };
  }
}
