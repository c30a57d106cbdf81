import { closeSync, realpathSync } from "node:fs";

import { expect, it, onTestFinished } from "vitest";

import type { Lineage } from "../core/lineage.ts";
import { loadKernelCalls } from "./kernel-calls.ts";
import { RecordingLoop } from "./recording-loop.ts";

const calls = process.platform === "linux" ? await loadKernelCalls() : null;

it.skipIf(calls === null)("the program of who still runs is told though nothing was read of it as it began", () => {
  if (calls === null) throw new Error("unreachable: it is skipped without them");
  // Never started: it listens to nothing.
  const loop = new RecordingLoop(calls, {});
  onTestFinished(() => {
    loop.close();
    closeSync(loop.wakeDescriptor);
  });
  const { lineage } = loop as unknown as { readonly lineage: Lineage };
  const { pid, ppid } = process;
  lineage.fork({ parent: ppid, pid, thread: pid, atNs: 1_000 });
  lineage.exec(pid, 1_001);
  expect(loop.programs()).toContain(realpathSync(process.execPath));
});
