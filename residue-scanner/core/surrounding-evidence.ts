import { combined } from "./combined-roles.ts";
import type { Difference, FileDifference, ListedDifference } from "./difference.ts";
import { type ImageFile, isOnImage } from "./image-files.ts";
import { showText } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import { through } from "./through.ts";
import type { Touch } from "./recording.ts";

/** What the kernel changes of an image. */
const writtenAlone: ReadonlySet<string> = new Set(["mtime", "ctime", "size"]);

const nobody: Attribution = { to: "unknown", evidence: [] };
/** Of what lies on an image so many doings are named. */
const namedMax = 3;

/** What is asked in turn. */
export interface AskedEvidence {
  ofFile(difference: FileDifference): Attribution | null;
  ofListed(difference: ListedDifference): Attribution | null;
  ofTouches(paths: readonly string[], isTelling?: (touch: Touch) => boolean): Attribution | null;
}

/** Whose a file is that nobody touched, by what happened to what it lies in, or to what lies on it. */
export class SurroundingEvidence {
  readonly #asked: AskedEvidence;
  readonly #files: ReadonlyMap<string, FileDifference>;
  readonly #mounts: ReadonlyMap<string, ListedDifference>;
  readonly #images: ReadonlyMap<string, ImageFile>;
  /** Images that are being asked about: two may each lie on the other. */
  readonly #lookedAt = new Set<string>();

  constructor(
    { differences, images }: { differences: readonly Difference[]; images: ReadonlyMap<string, ImageFile> },
    asked: AskedEvidence,
  ) {
    this.#asked = asked;
    this.#images = images;
    const files = differences.filter((each): each is FileDifference => each.surface === "files");
    this.#files = new Map(files.map((each) => [each.key, each]));
    const mounts = differences.filter((each): each is ListedDifference => each.surface === "mounts");
    // What is mounted in others' namespaces is at no place of here.
    const here = mounts.filter(({ key }) => key.startsWith("/"));
    this.#mounts = new Map(here.map((each) => [(each.after ?? each.before)?.location ?? "", each]));
  }

  of(difference: FileDifference): Attribution | null {
    return this.#ofHolder(difference) ?? this.#ofImage(difference);
  }

  /** Whose is the mount that came or went, and on which a path lies. */
  ofMountAt(path: string): Attribution | null {
    for (let at: string | null = path; at !== null; at = parentOf(at)) {
      const mount = this.#mounts.get(at);
      const mounted = mount === undefined || mount.change === "changed" ? null : this.#asked.ofListed(mount);
      if (mounted !== null)
        return through(mounted, `lies where something was mounted or unmounted, on ${showText(at)}`);
    }
    return null;
  }

  /** What came (or went) with a directory that was moved, or with a file system that was mounted, was not touched itself. */
  #ofHolder(difference: FileDifference): Attribution | null {
    const { key, change } = difference;
    const isAnother = difference.changed.includes("ino");
    const mountedOn = change === "changed" ? this.#ofMountOn(difference) : null;
    if (mountedOn !== null || (change === "changed" && !isAnother)) return mountedOn;
    for (let path = parentOf(key); path !== null; path = parentOf(path)) {
      const mount = this.#mounts.get(path);
      const mounted = mount === undefined ? null : this.#asked.ofListed(mount);
      if (mounted !== null)
        return through(mounted, `lies where something was mounted or unmounted, on ${showText(path)}`);
      const holder = this.#files.get(path);
      // One directory in another's place shows other files under the same names, and some that the other did not have.
      const isExchanged = holder?.change === "changed" && holder.changed.includes("ino");
      if (holder === undefined || (holder.change !== change && !isExchanged)) continue;
      const moved = this.#asked.ofTouches([path], ({ kinds }) =>
        kinds.includes(change === "vanished" ? "moved-from" : "moved-to"),
      );
      if (moved !== null) return through(moved, `${change === "vanished" ? "went" : "came"} with ${showText(path)}`);
    }
    return null;
  }

  /** What lies on an image changes the image: whoever did something there, or wrote to its device, did that. */
  #ofImage({ key, changed }: FileDifference): Attribution | null {
    const image = this.#images.get(key);
    if (image === undefined || this.#lookedAt.has(key) || !changed.every((name) => writtenAlone.has(name))) return null;
    const onIt = [...this.#files.values()].filter((each) => each.key !== key && isOnImage(each.key, image));
    const written = this.#asked.ofTouches([image.device]);
    this.#lookedAt.add(key);
    const done = [...(written === null ? [] : [written]), ...onIt.map((each) => this.#doneTo(each))];
    this.#lookedAt.delete(key);
    if (done.length === 0) return null;
    const evidence = done.flatMap((each) => each.evidence.slice(0, 1)).slice(0, namedMax);
    const what = `lies below ${showText(image.device)}, on which something changed`;
    return through({ to: combined(done.map(({ to }) => to)), evidence }, what);
  }

  /** That entries came to a directory, or went, changes the image too, although it says nothing of the directory. */
  #doneTo(difference: FileDifference): Attribution {
    return this.#asked.ofFile(difference) ?? this.#asked.ofTouches([difference.key]) ?? nobody;
  }

  /** A mount point shows the directory that is mounted, or again the one below. */
  #ofMountOn({ key, changed }: FileDifference): Attribution | null {
    // The roots of two file systems may have one number.
    const isAnother = changed.includes("ino") || changed.includes("btime");
    const mount = isAnother ? this.#mounts.get(key) : undefined;
    const mounted = mount === undefined || mount.change === "changed" ? null : this.#asked.ofListed(mount);
    return mounted === null ? null : through(mounted, "is where something was mounted or unmounted");
  }
}

function parentOf(path: string): string | null {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? null : path.slice(0, slash);
}
