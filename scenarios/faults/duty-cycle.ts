import { setTimeout as pauseFor } from "node:timers/promises";

import { cpuTimeNs, isAlive, isStopped } from "../stages/host/proc.ts";

interface Identity {
  readonly pid: number;
  readonly startTime: string;
}

/** One turn of standing still and going on, in milliseconds. */
const turnMs = 100;

export interface DutyCycle {
  readonly stops: number;
  /** Of those, after how many every process was stopped and had used no CPU time since it was. */
  readonly held: number;
  end(): Promise<void>;
}

/** Stops processes and lets them go on, in turn, so that about so much of their time is left to them. */
export function dutyCycle(processes: readonly Identity[], percent: number): DutyCycle {
  const ending = new AbortController();
  const cycle = { stops: 0, held: 0, end };
  const pass = async (ms: number): Promise<void> => {
    await pauseFor(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const one of processes.filter(isAlive)) process.kill(one.pid, name);
  };
  const turns = (async () => {
    while (!ending.signal.aborted) {
      signal("SIGSTOP");
      const live = processes.filter(isAlive).map(({ pid }) => pid);
      // Each stops on its next way into the kernel, which takes microseconds.
      await pass(1);
      const before = live.map(cpuTimeNs);
      await pass(turnMs * (1 - percent / 100));
      cycle.stops += 1;
      const held = live.every((pid, index) => isStopped(pid) && cpuTimeNs(pid) === before[index]);
      if (held && live.length > 0) cycle.held += 1;
      signal("SIGCONT");
      await pass((turnMs * percent) / 100);
    }
  })();
  async function end(): Promise<void> {
    ending.abort();
    await turns;
  }
  return cycle;
}
