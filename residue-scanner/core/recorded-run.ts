import type { Recording, Touch } from "./recording.ts";

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
}

/** A recording, and the touches of those paths that a comparison asks for. */
export class RecordedRun {
  readonly recording: Recording;
  readonly #touches: ReadonlyMap<string, readonly Touch[]>;
  #byDirectory: ReadonlyMap<string, readonly TouchedPath[]> | null = null;

  constructor(recording: Recording, touches: ReadonlyMap<string, readonly Touch[]>) {
    this.recording = recording;
    this.#touches = touches;
  }

  /** @param path one character a byte */
  touchesOf(path: string): readonly Touch[] {
    return this.#touches.get(path) ?? [];
  }

  /** Those names in a directory that were touched and were asked for; neither itself nor what lies deeper. */
  touchedIn(directory: string): readonly TouchedPath[] {
    this.#byDirectory ??= Map.groupBy(
      [...this.#touches].map(([path, touches]) => ({ path, touches })).filter(({ touches }) => touches.length > 0),
      ({ path }) => path.slice(0, path.lastIndexOf("/")),
    );
    return this.#byDirectory.get(directory) ?? [];
  }
}
