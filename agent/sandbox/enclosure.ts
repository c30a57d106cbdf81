/**
 * What a job is put into when it is launched. It only decides what is executed; processes are found, stopped and ended
 * in the same way whatever they are in.
 */
export interface Enclosure {
  /** The driver's name. */
  readonly name: string;
  /** What it cannot promise on this machine, as sentences for the donor. */
  readonly cannot: readonly string[];
  /**
   * Whether processes of its own stand between the agent and the job: its **keepers**. They hear no TERM, count as
   * nobody's, and go once the job's own are gone. One of them, `keeperScript`, reports how the job ended, because the
   * agent cannot wait for a process that is not its child.
   */
  readonly kept: boolean;
  /** The command that executes `command` in the enclosure; descriptors 0 to 4 reach it. */
  enclose(place: JobPlace, command: readonly string[]): readonly string[];
}

export interface JobPlace {
  readonly workspace: string;
  /** The most that it may hold, and what is the job's own beside it. */
  readonly sizeBytes: number;
}
