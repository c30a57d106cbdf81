import { joinedTouches } from "../core/joined-touches.ts";
import type { RecentWriters } from "../core/recent-writers.ts";
import { type Touch, unknownProcess } from "../core/recording.ts";
import type { TouchTable } from "../core/touch-table.ts";
import { directoryOfEntries } from "../core/touched-paths.ts";
import type { DirectoryHandles } from "./directory-handles.ts";

type KeyOf = (path: string) => string | null;

/** Leads from a path to who touched it. */
export class TouchLookup {
  private readonly table: TouchTable;
  private readonly linkers: RecentWriters;
  private readonly handles: Pick<DirectoryHandles, "keyOf">;

  constructor(table: TouchTable, linkers: RecentWriters, handles: Pick<DirectoryHandles, "keyOf">) {
    this.table = table;
    this.linkers = linkers;
    this.handles = handles;
  }

  /**
   * @param path one character a byte
   * @param keyOf of a directory; asked for the same ones again and again
   */
  of(path: string, keyOf: KeyOf): Touch[] {
    const byName = this.touchesOfName(path, keyOf);
    const own = this.handles.keyOf(path);
    const byContent = own === null ? [] : this.table.of(own, ".");
    if (own !== null && byName.length + byContent.length === 0) return this.linksOf(own);
    if (own !== null || byName.length > 0) return joinedTouches([...byName, ...byContent]);
    return this.removalsAbove(path, keyOf);
  }

  /** @param paths those that stand for all entries of a directory (`pathOfEntries`); what else is among them is passed over */
  ofEntries(paths: readonly string[], keyOf: KeyOf): Map<string, Touch[]> {
    const keys = new Map<string, string>();
    for (const path of paths) {
      const directory = directoryOfEntries(path);
      const key = directory === null ? null : keyOf(directory);
      if (key !== null) keys.set(path, key);
    }
    const touches = this.table.ofEntries([...keys.values()]);
    return new Map([...keys].map(([path, key]) => [path, touches.get(key) ?? []]));
  }

  /** Who gave a file that nobody touched another name, or took that away again, which is forgotten with that name. */
  private linksOf(key: string): Touch[] {
    const bytes = Buffer.from(key, "latin1");
    const handle = { bytes, start: 0, end: bytes.length };
    const known = this.linkers.of(handle);
    const atMs = this.linkers.latestMs(handle);
    // Somebody did, at some time: that is more than nothing, which others' doings would then explain alone.
    const times = known === null ? { firstMs: 0, lastMs: Number.POSITIVE_INFINITY } : { firstMs: atMs, lastMs: atMs };
    return (known ?? [unknownProcess]).map((by) => ({ by, kinds: ["attributes"], isOfLinks: true, ...times }));
  }

  private touchesOfName(path: string, keyOf: KeyOf): Touch[] {
    const [parent, name] = splitPath(path);
    const above = name === "" ? null : keyOf(parent);
    return above === null ? [] : this.table.of(above, name);
  }

  /**
   * What was in a directory that is gone cannot be asked for: that directory's handle went with it. Whoever removed it,
   * or moved it away, did the same to all that was in it.
   */
  private removalsAbove(path: string, keyOf: KeyOf): Touch[] {
    for (let [at] = splitPath(path); at !== "/"; [at] = splitPath(at)) {
      const removals = this.touchesOfName(at, keyOf).flatMap((touch) => {
        const kinds = touch.kinds.filter((kind) => kind === "deleted" || kind === "moved-from");
        return kinds.length === 0 ? [] : { ...touch, kinds };
      });
      if (removals.length > 0) return removals;
    }
    return [];
  }
}

/** @returns the directory and the name; `/` and nothing for the root */
function splitPath(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(slash, 1)), path.slice(slash + 1)];
}
