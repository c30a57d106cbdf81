import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import { agentIdIn } from "../io/evidence.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { lockHolder } from "../io/lock-holder.ts";
import { freezeStrays } from "../sandbox/freeze-strays.ts";
import { isAlive, isSame, readProcess } from "../sandbox/proc-stat.ts";
import { silent } from "./not-running.ts";

/** How long it is waited for the kernel to end a killed agent, in milliseconds. */
const goneWithinMs = 5_000;
const lookIntervalMs = 50;

/**
 * Has the jobs of an agent that does not answer stand still at once, leaves it until that time to come to itself, and
 * then kills it: the withdrawal needs its home. It has got the same request, and may end by itself.
 *
 * @param untilMs by the monotonic clock
 * @throws AgentError `no-answer` when nothing tells which process it is, or it does not end
 */
export async function endSilentAgent(
  paths: HomePaths,
  { pid, untilMs }: { pid: number | null; untilMs: number },
): Promise<void> {
  const agentId = agentIdIn(paths);
  const adopted = agentId === null ? [] : freezeStrays(agentId, pid).adopted;
  if (pid === null) throw silent(paths, pid);
  process.stderr.write(
    `The agent of ${paths.home} (pid ${pid}) does not answer. Its jobs were stopped; it is killed when the deadline is over.\n`,
  );
  const startTime = readProcess(pid)?.startTime ?? "";
  if (await isGone(startTime, pid, untilMs)) return;
  // Asked again right before: nobody else is to be killed.
  if (lockHolder(paths.lock) !== pid) throw silent(paths, pid);
  process.kill(pid, "SIGKILL");
  // Nobody could tell whose they were, afterwards. They stand still, and so have no children that are not among them.
  for (const one of adopted) if (isSame(one)) process.kill(one.pid, "SIGKILL");
  process.stderr.write(`The agent (pid ${pid}) was killed; the withdrawal goes on without it.\n`);
  if (!(await isGone(startTime, pid, systemClock.monotonicMs() + goneWithinMs))) throw silent(paths, pid);
}

/** Whether it has ended by then, and so given up the lock. */
async function isGone(startTime: string, pid: number, untilMs: number): Promise<boolean> {
  for (;;) {
    const stat = readProcess(pid);
    if (stat?.startTime !== startTime || !isAlive(stat)) return true;
    if (systemClock.monotonicMs() >= untilMs) return false;
    await sleep(lookIntervalMs);
  }
}
