import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import type { ControlRequest, ControlResponse } from "../../protocol/control.ts";
import { AgentError } from "../io/agent-error.ts";
import { askAgent } from "../io/control-client.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { lockHolder } from "../io/lock-holder.ts";

type Answer = Extract<ControlResponse, { ok: true }>;

export type Reached =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** An agent holds the home and does not serve its socket: stopped, hung, or its socket was removed. */
  | { readonly kind: "silent"; readonly pid: number | null }
  | { readonly kind: "nobody" };

/** An agent that works says within this time how it is, whatever else it does, in milliseconds. */
const patienceMs = 3_000;
/** How often a socket that is not there is looked for again, while somebody holds the home. */
const lookIntervalMs = 100;

/**
 * Sends a command to the agent of a home. Whether it is awake is asked beside, since a command may rightly take long;
 * one that it got before it fell silent takes effect when it goes on.
 *
 * @param timeoutMs of the command itself
 * @throws AgentError what the agent refuses, under its own code; `no-answer` when it is awake and still takes too long
 */
export async function reachAgent(
  paths: HomePaths,
  request: ControlRequest,
  { timeoutMs }: { timeoutMs: number },
): Promise<Reached> {
  const startedAt = systemClock.monotonicMs();
  for (;;) {
    const aborter = new AbortController();
    const { signal } = aborter;
    const command = askAgent(paths.control, request, { timeoutMs, signal });
    const unlessAsleep = async (): Promise<"asleep" | Answer | null> =>
      (await isAsleep(paths, signal)) ? "asleep" : await command;
    try {
      const first = await Promise.race([command, unlessAsleep()]);
      if (first === "asleep") return { kind: "silent", pid: lockHolder(paths.lock) };
      if (first !== null) return { kind: "answered", answer: first };
    } finally {
      aborter.abort();
      command.catch(() => undefined);
    }
    const pid = lockHolder(paths.lock);
    if (pid === null) return { kind: "nobody" };
    if (systemClock.monotonicMs() - startedAt > patienceMs) return { kind: "silent", pid };
    await sleep(lookIntervalMs);
  }
}

async function isAsleep({ control }: HomePaths, signal: AbortSignal): Promise<boolean> {
  try {
    await askAgent(control, { command: "status" }, { timeoutMs: patienceMs, signal });
    return false;
  } catch (error) {
    return error instanceof AgentError && error.code === "no-answer";
  }
}
