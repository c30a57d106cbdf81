const placesMax = 50_000;
/** More directories one in the other than this are not looked through. */
const depthMax = 1_000;

interface Place {
  /** Key of the directory that it is in. */
  readonly parent: string;
  readonly name: string;
}

/** Where directories were that may be gone by now: told when they came, went or were moved, by the keys of file events. */
export class DirectoryPlaces {
  private readonly places = new Map<string, Place>();

  learn(key: string, place: Place): void {
    // The last one that was told of is the last to be forgotten.
    this.places.delete(key);
    this.places.set(key, place);
    if (this.places.size <= placesMax) return;
    const [oldest] = this.places.keys();
    if (oldest !== undefined) this.places.delete(oldest);
  }

  /**
   * @param pathOf of a directory that is still there
   * @returns null where nobody told of it
   */
  pathOf(key: string, pathOf: (key: string) => string | null): string | null {
    const names: string[] = [];
    for (let at = key; names.length < depthMax; ) {
      const path = pathOf(at);
      if (path !== null) return [path === "/" ? "" : path, ...names.toReversed()].join("/");
      const place = this.places.get(at);
      if (place === undefined) return null;
      names.push(place.name);
      at = place.parent;
    }
    return null;
  }
}
