import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { ExitCode } from "../foundation/exit-codes.ts";
import { isOwnBug, noteUsersFile } from "./own-bug.ts";

const module = fileURLToPath(new URL("./interruption.ts", import.meta.url));
/**
 * A program that says when it listens, then why it was interrupted, and ends by itself when its stdin does. Its clock
 * stands still until it is told that a second is over: an echo comes at once, however long this test waits for a
 * processor.
 */
const program = `
  let nowMs = 1_000;
  performance.now = () => nowMs;
  import { listenForInterruption } from ${JSON.stringify(module)};
  const interruption = listenForInterruption({ deadlineMs: Number(process.argv[1]), hearsErrors: true });
  interruption.signal.addEventListener("abort", () => {
    console.log(interruption.signal.reason.code);
    interruption.close();
  });
  process.stdin.on("data", (said) => {
    if (said.toString().startsWith("reject")) return Promise.reject("nobody waits for this");
    console.log("a second later", (nowMs += 1_000));
  }).on("end", () => process.exit(0));
  console.log("listening");
`;

function start(deadlineMs: number) {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, String(deadlineMs)], {
    stdio: ["pipe", "pipe", "inherit"],
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
    exited: new Promise<number | string | null>((resolve) =>
      child.once("exit", (code, signal) => resolve(signal ?? code)),
    ),
  };
}

describe("listenForInterruption", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
    "hears %s once, and survives its echo",
    async (signal) => {
      const { child, says, exited } = start(60_000);
      await says("listening");
      child.kill(signal);
      await says("interrupted");
      child.kill(signal);
      child.stdin.end();
      expect(await exited).toBe(0);
    },
  );

  it("is ended at once by one that is no echo any more", async () => {
    const { child, says, exited } = start(60_000);
    await says("listening");
    child.kill("SIGINT");
    await says("interrupted");
    child.stdin.write("go on\n");
    await says("a second later");
    child.kill("SIGINT");
    expect(await exited).toBe(ExitCode.notUndone);
  });

  it("aborts of an error for which nobody waits", async () => {
    const { child, says, exited } = start(60_000);
    await says("listening");
    child.stdin.write("reject\n");
    await says("unheard");
    child.stdin.end();
    expect(await exited).toBe(0);
  });

  it("tells an error of the harness from one of a user's file by where it was thrown", () => {
    const thrownAt = (place: URL) =>
      Object.assign(new Error("x"), { stack: `Error: x\n    at run (${place.href}:3:1)` });
    expect(isOwnBug(thrownAt(new URL("runner.ts", import.meta.url)))).toBe(true);
    expect(isOwnBug(thrownAt(new URL("examples/memcached.ts", import.meta.url)))).toBe(false);
    expect(isOwnBug(thrownAt(new URL("file:///home/me/mine.ts")))).toBe(false);
    expect(isOwnBug("a text")).toBe(false);
    // Beside our rooms, in one of them and loaded, and named by nothing but a message.
    expect(isOwnBug(thrownAt(new URL("../mine.ts", import.meta.url)))).toBe(false);
    noteUsersFile(fileURLToPath(new URL("loaded.ts", import.meta.url)));
    expect(isOwnBug(thrownAt(new URL("loaded.ts", import.meta.url)))).toBe(false);
    const { href } = new URL("runner.ts", import.meta.url);
    const naming = Object.assign(new Error("x"), {
      stack: `Error: at ${href}:1:1\n    at run (/home/me/mine.cjs:3:1)`,
    });
    expect(isOwnBug(naming)).toBe(false);
  });

  it("aborts when the deadline passes", async () => {
    const { child, says, exited } = start(1);
    await says("deadline");
    child.stdin.end();
    expect(await exited).toBe(0);
  });
});
