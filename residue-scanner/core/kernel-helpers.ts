import type { Evidence } from "../../protocol/residue-report.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { RecordedProcess } from "./recording.ts";
import { isPutting } from "./touch-attribution.ts";

/** Into what program the kernel pipes a crash (core(5)); that it may have been set back since is no matter. */
export const crashSetting = "/proc/sys/kernel/core_pattern";
/** A crashed process ends when its dump has been taken from it, while its helper reads on, or just after. */
const afterMsMax = 50;
/** File events are read some milliseconds late. */
const lateMsMax = 100;
/** `4711`, `-p4711`, `--pid=4711` */
const numberWord = /(?:^|\s|\s-[a-zA-Z]|=)(\d+)(?=\s|$)/g;

/**
 * Says at whose request the kernel started a program to which it piped a crash: whose process crashed then, or who had
 * set what program that is. The kernel runs others, for empty control groups and missing keys, of which it is known only
 * whose program they are.
 *
 * @param helper a process that a thread of the kernel started
 * @returns null where nobody of the run did
 */
export function ofKernelHelper(
  helper: RecordedProcess,
  { run, witness }: { readonly run: RecordedRun; readonly witness: RecordedWitness },
): Attribution | null {
  const crashed = helper.executable === null ? [] : crashedFor(helper, run);
  if (crashed.length === 0) return null;
  const ours = crashed.find(({ serial }) => isOfRun(witness.roleOf(serial)));
  if (ours !== undefined) {
    const to = combined(crashed.map(({ serial }) => witness.roleOf(serial)));
    const who = `${showProcess(ours)} of ${ofWhom(witness.roleOf(ours.serial))}`;
    return { to, evidence: [request(`was started by the kernel when ${who} crashed`)] };
  }
  return ofSetting(helper, { run, witness });
}

/** Those that left a dump while their helper ran; the one that its command line names, where it names one. */
function crashedFor({ fromMs, toMs, commandLine }: RecordedProcess, { recording }: RecordedRun): RecordedProcess[] {
  const untilMs = (toMs ?? Number.POSITIVE_INFINITY) + afterMsMax;
  const crashed = [...recording.processes.values()].filter(
    (each) => each.dumped === true && each.toMs !== null && fromMs <= each.toMs && each.toMs <= untilMs,
  );
  const numbers = new Set([...(commandLine ?? "").matchAll(numberWord)].map(([, digits]) => Number(digits)));
  const named = crashed.filter(({ pid }) => numbers.has(pid));
  return named.length > 0 ? named : crashed;
}

function ofSetting(
  { fromMs }: RecordedProcess,
  { run, witness }: { readonly run: RecordedRun; readonly witness: RecordedWitness },
): Attribution | null {
  const setters = run
    .touchesOf(crashSetting)
    .filter((touch) => isPutting(touch) && touch.firstMs <= fromMs + lateMsMax);
  const ours = setters.find(({ by }) => isOfRun(witness.roleOf(by)));
  if (ours === undefined) return null;
  const setter = witness.process(ours.by);
  const who = `${setter === null ? "a process" : showProcess(setter)} of ${ofWhom(witness.roleOf(ours.by))}`;
  const detail = `was started by the kernel for a crash, and ${who} had written to ${crashSetting}`;
  // Somebody else's process crashed, and what is set may be somebody else's again.
  return { to: combined([witness.roleOf(ours.by), "background"]), evidence: [request(detail)] };
}

function request(detail: string): Evidence {
  return { kind: "request", detail };
}
