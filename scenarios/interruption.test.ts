import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const module = fileURLToPath(new URL("./interruption.ts", import.meta.url));
/** A program that says when it listens, and then why it was interrupted; it has nothing to undo. */
const program = `
  import { listenForInterruption } from ${JSON.stringify(module)};
  const interruption = listenForInterruption({ deadlineMs: Number(process.argv[1]) });
  interruption.signal.addEventListener("abort", () => {
    console.log(interruption.signal.reason.code);
    if (process.argv[2] === "end") { interruption.close(); clearInterval(alive); }
  });
  const alive = setInterval(() => {}, 1e6);
  console.log("listening");
`;

function start(deadlineMs: number, then: "end" | "linger") {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, String(deadlineMs), then], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const seen = new Map<string, () => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (const [line, wake] of seen) if (text.includes(line)) wake();
  });
  return {
    child,
    says: (line: string) => new Promise<void>((resolve) => (text.includes(line) ? resolve() : seen.set(line, resolve))),
    exited: new Promise<number | null>((resolve) => child.once("exit", resolve)),
  };
}

describe("listenForInterruption", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("aborts once on %s, delivered twice at once", async (signal) => {
    const program = start(60_000, "end");
    await program.says("listening");
    program.child.kill(signal);
    program.child.kill(signal);
    await program.says("interrupted");
    expect(await program.exited).toBe(0);
  });

  it("aborts when the deadline passes", async () => {
    const program = start(1, "end");
    await program.says("deadline");
    expect(await program.exited).toBe(0);
  });
});
