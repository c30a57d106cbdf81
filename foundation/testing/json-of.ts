/** A program that has ended, and what it said. */
export interface EndedProgram {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number | null | undefined;
  readonly code?: number | null;
  readonly status?: number | null;
}

/**
 * What a program said, as JSON.
 *
 * @throws Error where that is none, with what the program ended with and what it complained of: that says why
 */
// Tests read into it; a wrong guess shows as undefined.
// oxlint-disable-next-line typescript/no-explicit-any
export function jsonOf({ stdout, stderr, exitCode, code, status }: EndedProgram): any {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    const ended = `The program ended with ${exitCode ?? code ?? status ?? "no exit code"} and said no JSON`;
    throw new Error(`${ended}.\nstdout: ${stdout}\nstderr: ${stderr}`, { cause });
  }
}
