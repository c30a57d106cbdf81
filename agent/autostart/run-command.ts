import { execFile } from "node:child_process";

export interface CommandResult {
  /** Null when it could not be started, or was killed because it took too long. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How long a tool of the system may take, in milliseconds. */
const commandMs = 5_000;
const outputBytesMax = 16 * 1024 * 1024;

/** Runs a tool of the system to its end, in plain English. Never throws. */
export async function runCommand(
  [file = "", ...args]: readonly string[],
  { input = Buffer.alloc(0), environment = process.env }: { input?: Buffer; environment?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  return await new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      {
        encoding: "buffer",
        timeout: commandMs,
        killSignal: "SIGKILL",
        maxBuffer: outputBytesMax,
        cwd: "/",
        env: { ...environment, LC_ALL: "C" },
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ exitCode: 0, stdout, stderr: stderr.toString() });
        const exitCode = typeof error.code === "number" ? error.code : null;
        const text = stderr.toString().trim();
        resolve({ exitCode, stdout, stderr: text === "" ? error.message : text });
      },
    );
    // It may end without reading all; its exit code says what came of it.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
