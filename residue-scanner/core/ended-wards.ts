import { askCalls } from "./ask-events.ts";
import type { ListenerReading } from "./asked-listeners.ts";
import { hasSurelyEnded } from "./process-acts.ts";
import type { RecordedWitness } from "./recorded-witness.ts";
import type { Act, RecordedProcess } from "./recording.ts";

/** It takes in every orphan, and does nothing about its end; what it does at requests is told by its own clients. */
const init = 1;

/**
 * By the serial of a process, the signals by which somebody ended one of its children: a supervisor sees that, and
 * starts it again, or does what else it does then. It sees it at the child's end: whoever is told to end may put its
 * things in order first, for longer than anybody takes to answer.
 *
 * @param signals sent by anybody, those that end without a word among them
 * @param readings they have the parents of those that ran before the recorder
 */
export function endedWards(
  signals: readonly Act[],
  {
    processes,
    witness,
    readings,
  }: {
    readonly processes: ReadonlyMap<number, RecordedProcess>;
    readonly witness: RecordedWitness;
    readonly readings: readonly Pick<ListenerReading, "processes">[];
  },
): Map<number, Act[]> {
  const told = new Set(signals.map(({ parameters }) => Number(parameters["pid"])));
  const ended = Map.groupBy(
    [...processes.values()].filter(({ pid, toMs }) => toMs !== null && told.has(pid)),
    ({ pid }) => pid,
  );
  if (ended.size === 0) return new Map();
  const parents = new Map(
    readings.flatMap((each) => each.processes.map((fact) => [`${fact.pid} ${fact.startTime}`, fact])),
  );
  const byPid = (pid: number) => readings.flatMap((each) => each.processes.find((fact) => fact.pid === pid) ?? [])[0];
  const parentOf = ({ parent, pid, startTime }: RecordedProcess): RecordedProcess | null => {
    if (parent !== null) return witness.process(parent);
    const above = parents.get(`${pid} ${startTime}`)?.parent ?? init;
    const fact = above === init ? undefined : byPid(above);
    return fact === undefined ? null : witness.find(fact);
  };
  const byParent = new Map<number, Act[]>();
  for (const signal of signals) {
    for (const ward of ended.get(Number(signal.parameters["pid"])) ?? []) {
      const { toMs } = ward;
      if (toMs === null || !isEndedBy(signal, ward, toMs)) continue;
      const parent = parentOf(ward);
      if (parent === null || parent.pid === init) continue;
      const act: Act = { ...signal, call: askCalls.ending, atMs: toMs };
      const known = byParent.get(parent.serial);
      if (known === undefined) byParent.set(parent.serial, [act]);
      else known.push(act);
    }
  }
  return byParent;
}

/** Pids are used again: it may have been sent to whoever had the pid before, or has it now. */
function isEndedBy(signal: Act, { isOlder, fromMs }: RecordedProcess, endedMs: number): boolean {
  const { atMs } = signal;
  return (isOlder || fromMs <= atMs) && atMs <= endedMs && hasSurelyEnded(signal, endedMs);
}
