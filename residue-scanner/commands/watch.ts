import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { startRecorder } from "../watch/recorder.ts";
import { type Recorder } from "../watch/recorder.ts";
import type { Interruption } from "./interruption.ts";
import { RunCgroup } from "./run-cgroup.ts";
import { runCommand } from "./watched-command.ts";
import { WatchView } from "./watch-view.ts";

export interface WatchCommandOptions {
  readonly json?: boolean;
  /** Whether others' doings are shown as well. */
  readonly all?: boolean;
}

const periodMs = 100;

/**
 * `residue watch -- COMMAND…`: shows as it happens which files the command and all that comes from it touch, and what it
 * asks the kernel for, by process.
 *
 * @returns the command's own exit code; 2 where that is 0 and something was missed
 * @throws UsageError where this user may not record file events
 */
export async function watchCommand(
  command: readonly string[],
  options: WatchCommandOptions,
  interruption: Interruption,
): Promise<ExitCode> {
  // The recorder's tracing instance and the command's cgroup outlive a process that a signal ends.
  return await interruption.heldDuring(async () => {
    const recorder = await startRecorder({ live: true });
    try {
      refuseWithout(recorder);
      // A signal that came meanwhile is heard in the next turn.
      await setImmediate();
      interruption.signal.throwIfAborted();
      return await interruption.leftTo(async () => await watch(command, recorder, options));
    } finally {
      await recorder.close();
    }
  });
}

async function watch(
  command: readonly string[],
  recorder: Recorder,
  { json = false, all = false }: WatchCommandOptions,
): Promise<ExitCode> {
  const view = new WatchView({ json, all, to: json ? process.stdout : process.stderr });
  const runId = randomBytes(8).toString("hex");
  const cgroup = RunCgroup.create(runId);
  const show = () => view.show(recorder.news(), recorder.recording().acts);
  const timer = setInterval(show, periodMs);
  let ended: ExitCode;
  let kept: string | null = null;
  try {
    const onStart = view.begin.bind(view);
    ended = (await runCommand(command, { runId, cgroup, onStart })).exitCode as ExitCode;
  } finally {
    clearInterval(timer);
    show();
    kept = (await cgroup?.remove()) ?? null;
    if (kept !== null) process.stderr.write(`${kept}\n`);
  }
  const { sources } = await recorder.stop();
  const missed = view.end(sources);
  if (kept !== null) return ExitCode.notUndone;
  return ended === ExitCode.pass && missed ? ExitCode.unknown : ended;
}

function refuseWithout(recorder: Recorder): void {
  const files = recorder.recording().sources.find(({ source }) => source === "files");
  if (files === undefined || files.status === "done" || files.status === "partial") return;
  throw new UsageError(`The kernel's file events cannot be had: ${files.detail}.`, {
    code: "no-file-events",
    next: "Run it as root; `residue doctor` tells what is missing.",
  });
}
