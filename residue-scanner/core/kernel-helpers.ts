import type { Evidence } from "../../protocol/residue-report.ts";
import { namedBy } from "./crash-patterns.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { RecordedProcess } from "./recording.ts";
import { isPutting } from "./touch-attribution.ts";

/** Into what program the kernel pipes a crash (core(5)); that it may have been set back since is no matter. */
export const crashSetting = "/proc/sys/kernel/core_pattern";
/** A crashed process ends when its dump has been taken from it, while its helper reads on, or just after. */
const afterMsMax = 50;
/** That it ended is told when its memory has been given back: of many gigabytes, or on a busy host, that takes seconds. */
const toldAfterMsMax = 5_000;
/** File events are read some milliseconds late. */
const lateMsMax = 100;
/** How many crashes besides the run's are told, where it may have been any of them. */
const alsoShownMax = 3;
/** `4711`, `-p4711`, `--pid=4711` */
const numberWord = /(?:^|\s|\s-[a-zA-Z]|=)(\d+)(?=\s|$)/g;
/** A helper that hands a crash on to a service of the same program, which the service manager starts (systemd-coredump(8)). */
const handingOn = "systemd-coredump";
/** What the kernel starts for modules, keys and empty control groups: what crashes some seconds later was no cause of it. */
const otherHelpers: ReadonlySet<string> = new Set("kmod modprobe request-key systemd-cgroups-agent".split(" "));
/** On a busy host a service begins some time after it was asked for. */
const handedMsMax = 5_000;

interface HelperKnowledge {
  readonly run: RecordedRun;
  readonly witness: RecordedWitness;
  /** Into what crashes were piped at the readings of the host. */
  readonly patterns: readonly string[];
  /** Who of the run had sent a process a signal, or asked it for something, shortly before; null where nobody had. */
  readonly askedOf: (process: RecordedProcess, atMs: number) => Attribution | null;
}

/**
 * Says at whose request the kernel started a program to which it piped a crash: whose process crashed then, or who made
 * it crash, or who had set what program that is. The kernel runs others, for empty control groups and missing keys, of
 * which it is known only whose program they are.
 *
 * @param helper a process that a thread of the kernel started
 * @returns null where nobody of the run did
 */
export function ofKernelHelper(helper: RecordedProcess, knowledge: HelperKnowledge): Attribution | null {
  if (helper.executable === null) return null;
  const { near, late } = crashesFor(helper, knowledge);
  const isNear = near.some(isOurs);
  const crashes = isNear ? near : [...near, ...late];
  if (crashes.length === 0) return null;
  const ours = crashes.find(isOurs);
  if (ours === undefined) return ofSetting(helper, knowledge);
  // The helper may have been another's, of whose crash nothing was seen.
  const to = combined([...crashes.map((each) => each.to), ...(isNear ? [] : (["background"] as const))]);
  const others = crashes.filter((each) => each !== ours && each.evidence.length > 0).slice(0, alsoShownMax);
  return { to, evidence: [...ours.evidence, ...others.flatMap(({ evidence }) => evidence)] };
}

/**
 * Says whose crash it is that a service saves to which a helper of the kernel's handed it.
 *
 * @param service a process that the service manager started
 * @returns null where that is no such service, or nobody of the run had to do with any crash that was handed on then
 */
export function ofHandedOn(
  service: RecordedProcess,
  { run, witness }: Pick<HelperKnowledge, "run" | "witness">,
): Attribution | null {
  if (namedOf(service).name !== handingOn) return null;
  const helpers = [...run.recording.processes.values()].filter(
    (each) =>
      namedOf(each).name === handingOn &&
      each.parent !== null &&
      witness.isOfKernel(each.parent) &&
      each.fromMs <= service.fromMs &&
      service.fromMs <= (each.toMs ?? Number.POSITIVE_INFINITY) + handedMsMax,
  );
  const ours = helpers.find(({ serial }) => isOfRun(witness.roleOf(serial)));
  if (ours === undefined) return null;
  const [why] = witness.of(ours.serial).evidence;
  const detail = `was started when ${showProcess(ours)} took up a crash; that ${why?.detail ?? "is the run's"}`;
  return { to: combined(helpers.map(({ serial }) => witness.roleOf(serial))), evidence: [request(detail)] };
}

function isOurs({ to }: Attribution): boolean {
  return isOfRun(to);
}

/**
 * Those that left a dump while their helper ran, and those of which that was told so late that it may have been another's;
 * the one that its command line names, where it names one, which is that one whenever it was told to have ended.
 */
function crashesFor(
  helper: RecordedProcess,
  knowledge: HelperKnowledge,
): { readonly near: readonly Attribution[]; readonly late: readonly Attribution[] } {
  const { fromMs, toMs, commandLine } = helper;
  const crashed = [...knowledge.run.recording.processes.values()].filter(
    (each) =>
      each.dumped === true && each.toMs !== null && fromMs <= each.toMs && (each.isOlder || each.fromMs <= fromMs),
  );
  const of = (processes: readonly RecordedProcess[]) => processes.map((each) => crashOf(each, fromMs, knowledge));
  const pids = pidsIn(commandLine ?? "", knowledge.patterns);
  const named = crashed.filter(({ pid }) => pids.has(pid));
  if (named.length > 0) return { near: of(named), late: [] };
  const untilMs = (toMs ?? Number.POSITIVE_INFINITY) + afterMsMax;
  const isNear = (each: RecordedProcess) => (each.toMs ?? 0) <= untilMs;
  const mayBeLate = !otherHelpers.has(namedOf(helper).name);
  const isLate = (each: RecordedProcess) => mayBeLate && !isNear(each) && (each.toMs ?? 0) <= untilMs + toldAfterMsMax;
  return { near: of(crashed.filter(isNear)), late: of(crashed.filter(isLate)) };
}

/** Where the pattern is known whose pid stands at which place; else any number may be one. */
function pidsIn(commandLine: string, patterns: readonly string[]): ReadonlySet<number> {
  const told = patterns.map((pattern) => namedBy(pattern, commandLine)).filter((each) => each !== null);
  if (told.length > 0) return new Set(told.flatMap(({ pid }) => pid ?? []));
  return new Set([...commandLine.matchAll(numberWord)].map(([, digits]) => Number(digits)));
}

/** @param fromMs when the helper was started: at once when the process crashed */
function crashOf(crashed: RecordedProcess, fromMs: number, { witness, askedOf }: HelperKnowledge): Attribution {
  const to = witness.roleOf(crashed.serial);
  const when = "was started by the kernel when";
  if (isOfRun(to)) return { to, evidence: [request(`${when} ${showProcess(crashed)} of ${ofWhom(to)} crashed`)] };
  // What reached it while it was dumped already had no part in that.
  const asked = askedOf(crashed, fromMs);
  if (asked === null) return { to, evidence: [] };
  const why = asked.evidence[0]?.detail ?? "was asked to";
  return { to: asked.to, evidence: [request(`${when} a process crashed that ${why}`)] };
}

function ofSetting({ fromMs }: RecordedProcess, { run, witness }: HelperKnowledge): Attribution | null {
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
