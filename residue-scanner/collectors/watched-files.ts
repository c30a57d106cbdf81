import { lstatSync } from "node:fs";

import type { FileWatchers } from "../core/inspection.ts";
import { type TouchKind, touchKinds } from "../core/recording.ts";
import type { Steps } from "../core/steps.ts";
import { type InotifyWatch, kindsOfItself, kindsOfNames } from "./inotify-watches.ts";

interface Identity {
  /** `DEVICE:INODE` */
  readonly file: string;
  readonly isDirectory: boolean;
}

/** By pid, of what somebody is told by all of his watches of one file. */
type Told = Map<number, Set<TouchKind>>;

/**
 * Who watches some files, or the directories in which they lie. Of all that is watched on a host, which may be hundreds
 * of thousands of files, only that is kept.
 */
export class WatchedFiles {
  readonly #identities: ReadonlyMap<string, Identity | null>;
  readonly #told: ReadonlyMap<string, { readonly ofItself: Told; readonly ofNames: Told }>;
  #isNobodys = true;

  private constructor(identities: ReadonlyMap<string, Identity | null>) {
    this.#identities = identities;
    this.#told = new Map(
      [...identities.values()].flatMap((each) =>
        each === null ? [] : [[each.file, { ofItself: new Map(), ofNames: new Map() }] as const],
      ),
    );
  }

  /** @param paths one character a byte */
  static *among(paths: ReadonlySet<string>): Steps<WatchedFiles> {
    const identities = new Map<string, Identity | null>();
    for (const path of paths) {
      yield;
      for (const each of [path, directoryOf(path)]) if (!identities.has(each)) identities.set(each, identify(each));
    }
    return new WatchedFiles(identities);
  }

  /** Whether nobody watches any of them. */
  get isNobodys(): boolean {
    return this.#isNobodys;
  }

  /** Which file it is; null where it is gone. */
  identityOf(path: string): string | null {
    return this.#identities.get(path)?.file ?? null;
  }

  add(watch: InotifyWatch, pid: number): void {
    const told = this.#told.get(watch.file);
    if (told === undefined) return;
    this.#isNobodys = false;
    addKinds(told.ofItself, { pid, kinds: kindsOfItself(watch) });
    addKinds(told.ofNames, { pid, kinds: kindsOfNames(watch) });
  }

  /** @returns null where nobody watches it, nor the directory in which it lies */
  watchersOf(path: string): FileWatchers | null {
    const toldOf = (file: string) => this.#told.get(this.identityOf(file) ?? "");
    const itself: Told = new Map();
    for (const told of [toldOf(path)?.ofItself, path === "/" ? undefined : toldOf(directoryOf(path))?.ofNames])
      for (const [pid, kinds] of told ?? []) addKinds(itself, { pid, kinds });
    const isDirectory = this.#identities.get(path)?.isDirectory === true;
    const within = (isDirectory && toldOf(path)?.ofNames) || new Map<number, Set<TouchKind>>();
    if (itself.size + within.size === 0) return null;
    const [onlyOfItself, onlyWithin] = [onlyOf(itself), onlyOf(within)];
    return {
      itself: [...itself.keys()],
      ...(isDirectory && { within: [...within.keys()] }),
      ...(onlyOfItself.size > 0 && { onlyOfItself }),
      ...(onlyWithin.size > 0 && { onlyWithin }),
    };
  }
}

function onlyOf(told: Told): Map<number, readonly TouchKind[]> {
  const some = [...told].filter(([, kinds]) => kinds.size < touchKinds.length);
  return new Map(some.map(([pid, kinds]) => [pid, touchKinds.filter((kind) => kinds.has(kind))]));
}

function addKinds(told: Told, { pid, kinds }: { readonly pid: number; readonly kinds: Iterable<TouchKind> }): void {
  for (const kind of kinds) {
    const known = told.get(pid);
    if (known === undefined) told.set(pid, new Set([kind]));
    else known.add(kind);
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Of a link, the link: who watches what it leads to is told nothing of it. */
function identify(path: string): Identity | null {
  try {
    const stats = lstatSync(Buffer.from(path, "latin1"), { bigint: true });
    return { file: `${stats.dev}:${stats.ino}`, isDirectory: stats.isDirectory() };
  } catch {
    return null;
  }
}
