import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { expect, onTestFinished, test } from "vitest";

import type { HostStage } from "./host-stage.ts";
import { withdraw } from "./withdraw.ts";

/** A control socket that takes requests and never answers; `asked` is told of each. */
async function silentAgent(asked: (count: number) => void): Promise<{ home: string; control: string }> {
  const home = mkdtempSync(join(tmpdir(), "withdraw-"));
  const sockets: Socket[] = [];
  let count = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => asked((count += 1)));
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });
  const control = join(home, "control.sock");
  await new Promise<void>((resolve) => void server.listen(control, resolve));
  return { home, control };
}

test("interrupted while it is asked several times, it fails for that reason, and no answer is left to fail unseen", async () => {
  const controller = new AbortController();
  const reason = new Error("interrupted");
  const unseen: unknown[] = [];
  const onUnseen = (error: unknown) => void unseen.push(error);
  process.on("unhandledRejection", onUnseen);
  onTestFinished(() => void process.off("unhandledRejection", onUnseen));
  const place = await silentAgent((count) => {
    if (count === 3) controller.abort(reason);
  });
  const agent = {
    ...place,
    name: "donor",
    agentId: "a",
    actor: { pid: process.pid, exited: new Promise(() => undefined) },
  };
  const stage = {
    ...{ requests: 0, keptKeys: new Map(), schedule: { nowMs: 0, stoodStillMs: () => 0 } },
    options: { signal: controller.signal, history: { record: () => undefined } },
    agent: () => agent,
  } as unknown as HostStage;
  const withdrawing = withdraw(stage, { step: "withdraw", agent: "donor", deadlineMs: 60_000, asks: 3 });
  await expect(withdrawing).rejects.toThrow("interrupted");
  // Node tells of what nobody handled after the turn in which it failed; the sockets fail within a few.
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(unseen).toEqual([]);
});
