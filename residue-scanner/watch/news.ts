import { touchKindsOf } from "../core/touch-chains.ts";
import type { WatchedTouch } from "./recorder-messages.ts";
import type { DirectoryPaths } from "./directory-paths.ts";
import { DirectoryPlaces } from "./directory-places.ts";

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
  private readonly places = new DirectoryPlaces();

  constructor(paths: DirectoryPaths) {
    this.paths = paths;
  }

  add(item: Item): void {
    const last = this.items.at(-1);
    if (last?.by === item.by && last.name === item.name && last.directory === item.directory) last.kinds |= item.kinds;
    else if (this.items.length < itemsMax) this.items.push({ ...item });
    else this.missed += 1;
  }

  /** Says where a directory is, or was until now. */
  placed(key: string, place: { readonly parent: string; readonly name: string }): void {
    this.places.learn(key, place);
  }

  get count(): number {
    return this.items.length;
  }

  /** Whether a directory is gone of which nothing has told yet where it was. */
  isPuzzled(): boolean {
    return this.items.some(({ directory }) => this.pathOf(directory) === null);
  }

  /** @param count how many, the first first */
  take(count: number): { touches: WatchedTouch[]; missed: number } {
    const touches = this.items.slice(0, count).map(({ directory, name, kinds, by, atMs }) => {
      const parent = this.pathOf(directory);
      const path = parent === null ? null : name === "." ? parent : `${parent === "/" ? "" : parent}/${name}`;
      return { path, name, kinds: touchKindsOf(kinds), by, atMs };
    });
    const { missed } = this;
    this.items = this.items.slice(count);
    this.missed = 0;
    return { touches, missed };
  }

  private pathOf(directory: string): string | null {
    return this.places.pathOf(directory, (key) => this.paths.pathOf(key));
  }
}
