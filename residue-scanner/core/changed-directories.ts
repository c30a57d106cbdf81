/** A directory of which an entry was changed, or it itself was, as in a touch of it (mode, owner, time). */
export interface ChangedDirectory {
  /** As `TouchTable.directory` has it. */
  readonly key: string;
  readonly isItself: boolean;
}

export interface ChangedDirectoriesOptions {
  /** Whether a process comes from the run. */
  readonly isOfRun: (serial: number) => boolean;
  /** The most that are kept between two questions; what comes beyond is counted in `dropped`. */
  readonly directoriesMax?: number | undefined;
}

const directoriesMaxDefault = 100_000;
const nobody = Number.NaN;

/**
 * Where the run goes on to change something while the host is read: what was read of these directories is not what there
 * is. Nothing is kept before the first question.
 */
export class ChangedDirectories {
  /** How many more there were. */
  dropped = 0;
  private readonly isOfRun: (serial: number) => boolean;
  private readonly directoriesMax: number;
  private found: Map<string, boolean> | null = null;
  private latest = nobody;
  private isLatestOfRun = false;

  constructor({ isOfRun, directoriesMax = directoriesMaxDefault }: ChangedDirectoriesOptions) {
    this.isOfRun = isOfRun;
    this.directoriesMax = directoriesMax;
  }

  /** @param by serial of the process; most changes come in a row from one */
  note(key: string, by: number, isItself: boolean): void {
    const { found } = this;
    if (found === null) return;
    if (by !== this.latest) {
      this.latest = by;
      this.isLatestOfRun = this.isOfRun(by);
    }
    if (!this.isLatestOfRun) return;
    const known = found.get(key);
    if (known === true || known === isItself) return;
    if (known === undefined && found.size >= this.directoriesMax) this.dropped += 1;
    else found.set(key, isItself);
  }

  /** @returns those since the last call; none at the first, which only begins */
  take(): ChangedDirectory[] {
    const found = [...(this.found ?? [])].map(([key, isItself]) => ({ key, isItself }));
    this.found = new Map();
    return found;
  }
}
