import type { Evidence } from "../../protocol/residue-report.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import { baseName } from "./delegates.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { Act, RecordedProcess } from "./recording.ts";

/** What the kernel runs to find a key (request-key(8)); compiled into it. */
const helperName = "request-key";
const call = "request_key";
/** `/sbin/request-key create 4711 0 0 …`: the new key, then the user and group who asked, and keyrings. */
const order = /^(?:\S+ (?:-\S+ )*)?\/sbin\/request-key create (-?\d+) /;
/** Whoever asks waits in the call; on a busy host the thread of the kernel's that starts the helper is late. */
const startMsMax = 1_000;

/**
 * Says at whose request the kernel started its helper for keys: who called request_key(2) just before, and got that very
 * key where this is told.
 *
 * @param helper a process that a thread of the kernel started
 * @returns null where it is no such helper, or nobody was seen to ask: file systems ask for keys themselves
 */
export function ofKeyHelper(
  helper: RecordedProcess,
  { run, witness }: { readonly run: RecordedRun; readonly witness: RecordedWitness },
): Attribution | null {
  const key = keyFor(helper);
  if (key === null) return null;
  const askers = run.recording.acts.filter((act) => mayHaveAsked(act, helper));
  const got = askers.filter(({ returned }) => returned === key);
  // What failed found none, and one whose end was not seen may have.
  const likely = got.length > 0 ? got : askers.filter(({ returned }) => returned === null || returned < 0);
  if (likely.length === 0) return null;
  const roles = likely.map(({ by }) => ({ by, to: witness.roleOf(by) }));
  const chosen = roles.find(({ to }) => isOfRun(to)) ?? roles[0];
  const asker = chosen === undefined ? null : witness.process(chosen.by);
  const who = `${asker === null ? "a process" : showProcess(asker)} of ${ofWhom(chosen?.to ?? "unknown")}`;
  const detail = `was started by the kernel when ${who} asked the kernel for a key (request_key(2))`;
  return { to: combined(roles.map(({ to }) => to)), evidence: [{ kind: "request", detail } satisfies Evidence] };
}

/** @returns the key's number; NaN where the command line was not read; null for another program */
function keyFor(helper: RecordedProcess): number | null {
  const { commandLine, opened } = helper;
  if (commandLine !== null) {
    const [, key] = order.exec(commandLine) ?? [];
    return key === undefined ? null : Number(key);
  }
  return baseName(opened ?? "") === helperName || namedOf(helper).name === helperName ? Number.NaN : null;
}

function mayHaveAsked(act: Act, { fromMs }: RecordedProcess): boolean {
  return act.call === call && act.atMs <= fromMs && fromMs - act.atMs <= startMsMax;
}
