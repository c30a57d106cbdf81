import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { withUndoLock } from "./undo-lock.ts";

const module = fileURLToPath(new URL("./undo-lock.ts", import.meta.url));
/** A program that takes the lock, says so, and holds it until it is killed. */
const holder = `
  import { withUndoLock } from ${JSON.stringify(module)};
  await withUndoLock(process.argv[1], () => {
    console.log("held");
    return new Promise((resolve) => process.stdin.on("end", resolve).resume());
  });
`;

let file: string;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "undo-lock-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  file = join(root, "undo.jsonl");
  writeFileSync(file, "");
});

describe.skipIf(process.platform !== "linux")("withUndoLock", () => {
  it("lets one after the other at it, whoever came first", async () => {
    const order: string[] = [];
    let goOn = (): void => undefined;
    const first = withUndoLock(file, async () => {
      order.push("first begins");
      await new Promise<void>((resolve) => (goOn = resolve));
      order.push("first ends");
    });
    // It begins after a promise or two; the second must not.
    await expect.poll(() => order).toEqual(["first begins"]);
    const second = withUndoLock(file, async () => void order.push("second"));
    goOn();
    await Promise.all([first, second]);
    expect(order).toEqual(["first begins", "first ends", "second"]);
  });

  it("is free again when its holder was killed, and not before", async () => {
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", holder, file], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    let killed = false;
    const got = withUndoLock(file, async () => killed);
    // A turn of the event loop, in which a lock that is no lock would be taken.
    await new Promise((resolve) => setImmediate(resolve));
    killed = true;
    child.kill("SIGKILL");
    expect(await got).toBe(true);
  });
});
