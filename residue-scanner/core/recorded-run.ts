import { type Recording, type Touch, unknownProcess } from "./recording.ts";

/** The touches of one name, the first first. */
export interface TouchedPath {
  /** One character a byte. */
  readonly path: string;
  readonly touches: readonly Touch[];
}

/** Who is asked what was recorded, while it goes on or afterwards. Each answer takes in all that happened before. */
export interface RecordingSource {
  askRecording(): Promise<Recording>;
  /** @param paths one character a byte */
  askTouches(paths: readonly string[]): Promise<ReadonlyMap<string, readonly Touch[]>>;
  /** Paths of what was run by those who came, as `programsRun` has them. */
  askPrograms(): Promise<readonly string[]>;
  /** Directories in which the run changed something since it was asked last, one character a byte; the first time only begins. */
  askChangedDirectories(): Promise<readonly string[]>;
}

/** A recording, and the touches of those paths that a comparison asks for. */
export class RecordedRun {
  readonly recording: Recording;
  readonly #touches: ReadonlyMap<string, readonly Touch[]>;
  #byDirectory: ReadonlyMap<string, readonly TouchedPath[]> | null = null;

  /** Paths of files to which names were given, or taken away, by somebody of whom no more is known. */
  readonly #linkedBySomebody: ReadonlySet<string>;

  constructor(recording: Recording, touches: ReadonlyMap<string, readonly Touch[]>) {
    this.recording = recording;
    const linked = [...touches].filter(([, all]) => all.some(isByForgottenLinker)).map(([path]) => path);
    this.#linkedBySomebody = new Set(linked);
    this.#touches =
      linked.length === 0
        ? touches
        : new Map([...touches].map(([path, all]) => [path, all.filter((touch) => !isByForgottenLinker(touch))]));
  }

  /**
   * Those by whoever is known by a serial, or was seen at least; `mayBeLinked` tells of forgotten linkers.
   *
   * @param path one character a byte
   */
  touchesOf(path: string): readonly Touch[] {
    return this.#touches.get(path) ?? [];
  }

  /**
   * Whether somebody of whom no more is known gave a file names, or took some away: of at most one file in some sixty it
   * is said though nobody did.
   *
   * @param path one character a byte
   */
  mayBeLinked(path: string): boolean {
    return this.#linkedBySomebody.has(path);
  }

  /** Those names in a directory that were touched and were asked for; neither itself nor what lies deeper. */
  touchedIn(directory: string): readonly TouchedPath[] {
    this.#byDirectory ??= Map.groupBy(
      [...this.#touches]
        .map(([path, touches]) => ({ path, touches }))
        .filter(({ path, touches }) => touches.length > 0 && path !== "/"),
      ({ path }) => path.slice(0, Math.max(1, path.lastIndexOf("/"))),
    );
    return this.#byDirectory.get(directory) ?? [];
  }
}

function isByForgottenLinker({ by, isOfLinks }: Touch): boolean {
  return isOfLinks === true && by === unknownProcess;
}
