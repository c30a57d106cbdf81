import { fileURLToPath } from "node:url";

import { execa } from "execa";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface ProgramResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of our programs as a user would, to its end. */
export async function runProgram(
  name: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<ProgramResult> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [`${root}bin/${name}.mjs`, ...args], {
    reject: false,
    stdin: "ignore",
    ...options,
  });
  return { exitCode, stdout, stderr };
}
