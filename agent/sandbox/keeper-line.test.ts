import { spawn } from "node:child_process";
import type { Socket } from "node:net";

import { expect, test } from "vitest";

import { type KeeperLine, keeperLine } from "./keeper-line.ts";

/** A keeper that says what a script writes to descriptor 4. */
function said(script: string): KeeperLine {
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "ignore", "ignore", "ignore", "pipe"] });
  return keeperLine(child.stdio[4] as unknown as Socket);
}

const complaint = "setsid: child 4 did not exit normally";

test.each([
  { words: "ended 0", exit: { exitCode: 0, signal: null } },
  { words: "ended 143", exit: { exitCode: 143, signal: null } },
  { words: `${complaint}\nended 15`, exit: { exitCode: null, signal: "SIGTERM" } },
  { words: `${complaint}\nended 139`, exit: { exitCode: null, signal: "SIGSEGV" } },
  { words: `${complaint}\nended 40`, exit: { exitCode: null, signal: "signal 40" } },
  { words: "no more", exit: { exitCode: null, signal: "SIGKILL" } },
])("«$words» means what it means, in however many pieces it comes", async ({ words, exit }) => {
  const line = said(`printf keep >&4; sleep 0.01; printf 'er\\n${words}\\n' >&4`);
  expect(await line.waiting).toBe(true);
  expect(await line.exited).toEqual(exit);
});

test("a keeper that never waited is told from one that does", async () => {
  expect(await said("exit 1").waiting).toBe(false);
});

test("it is let go on, and dismissed", async () => {
  const line = said('echo keeper >&4; read word <&4; [ "$word" = go ]; echo "ended $?" >&4; read word <&4');
  await line.waiting;
  line.go();
  expect(await line.exited).toEqual({ exitCode: 0, signal: null });
  line.dismiss();
});
