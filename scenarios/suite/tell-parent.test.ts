import { fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

import { expect, onTestFinished, test } from "vitest";

const program = resolve(import.meta.dirname, "testing/say-much.ts");

test("all of what is more than a pipe holds comes to who started the process", async () => {
  const length = 8 * 1024 * 1024;
  const child = fork(program, [String(length)], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  let came = 0;
  child.once("message", ({ much }: { much: string }) => {
    came = much.length;
  });
  await Promise.all([ended, once(child, "disconnect")]);
  expect(came).toBe(length);
});
