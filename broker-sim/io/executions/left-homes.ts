import { rmSync } from "node:fs";

import type { Logger } from "pino";

import { messageOf } from "../../../foundation/errors.ts";
import { AgentProgram } from "./agent-program.ts";
import { markedProcesses } from "./host-processes.ts";
import { leftDirectories } from "./passing-directory.ts";

/** How long the agents of a broker that was killed may take to end, and how often it is looked; milliseconds. */
const endMsMax = 60_000;
const lookIntervalMs = 250;

/**
 * Clears away what brokers of this user left in the temporary directory that were killed: their agents, which end by
 * themselves, are waited for and withdrawn. Of what cannot be told whose it is, nothing is touched.
 *
 * @param command the program `donor-agent` and what stands before its arguments
 */
export async function clearLeftHomes({
  command,
  log,
  signal,
}: {
  readonly command: readonly [string, ...string[]];
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  for (const { directory, brokerId } of leftDirectories()) {
    if (signal.aborted) return;
    try {
      const left = await clear({ directory, brokerId, command, signal });
      if (left === null) log.info({ directory }, "cleared away what a broker that was killed had left");
      else log.warn({ directory, left }, "what a broker that was killed had left is still there");
    } catch (error) {
      log.warn({ directory, left: messageOf(error) }, "what a broker that was killed had left is still there");
    }
  }
}

/** @returns what is left all the same */
async function clear({
  directory,
  brokerId,
  command,
  signal,
}: {
  directory: string;
  brokerId: string;
  command: readonly [string, ...string[]];
  signal: AbortSignal;
}): Promise<string | null> {
  const untilMs = performance.now() + endMsMax;
  while (markedProcesses(brokerId).size > 0) {
    if (signal.aborted || performance.now() > untilMs) return "its agents have not ended yet";
    await new Promise((resolve) => setTimeout(resolve, lookIntervalMs).unref());
  }
  const program = new AgentProgram({ command, directory, brokerId, endsWithBroker: true });
  for (const executionId of program.homes()) {
    if (signal.aborted) return "this broker ends, too";
    const left = await program.sweep(executionId);
    if (left !== null) return left;
  }
  rmSync(directory, { recursive: true, force: true });
  return null;
}
