import type { Evidence } from "../../protocol/residue-report.ts";
import { ActsInTime } from "./acts-in-time.ts";
import { askCalls } from "./ask-events.ts";
import { AskedListeners, type ListenerReading } from "./asked-listeners.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import { endedWards } from "./ended-wards.ts";
import { eventLagMs } from "./event-lag.ts";
import type { Attribution } from "./process-attribution.ts";
import { stoppingSignals } from "./kernel-constants.ts";
import { Lifetimes } from "./lifetimes.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import { signalCall } from "./signal-events.ts";
import type { Act, RecordedProcess, Recording, Touch } from "./recording.ts";

export interface SocketRequestKnowledge {
  readonly recording: Recording;
  readonly witness: () => RecordedWitness;
  /** Of the host before the run, and after it. */
  readonly readings: readonly ListenerReading[];
}

/** What a service is asked for it does within this time, or nobody can tell it from what it does for itself. */
const servedMsMax = 3_000;
/** The kernel tells a parent of its child's end before it tells the recorder; on a busy host others run in between. */
const noticeMsMax = 100;
/** These only end, stop or continue it; at all others it does something, if only that the kernel dumps its memory. */
const silentSignals: ReadonlySet<string> = new Set(["SIGKILL", "SIGCONT", ...stoppingSignals]);
/** More ancestors than that no service has. */
const depthMax = 100;
/** By the serial of whom they asked. */
const ofOneProcess: ReadonlySet<string> = new Set([askCalls.message, askCalls.taking, askCalls.tracing]);
const namedMax = 2;
/** Whoever sends them a line asks for nothing but that it is kept, as everybody's are; a signal asks for more. */
const loggers: ReadonlySet<string> = new Set([
  ...["systemd-journald", "systemd-journal", "rsyslogd", "syslogd", "syslog-ng", "metalog", "auditd"],
]);

/**
 * Says at whose request a service did something that takes its orders through a socket, by signals or from a spool, that
 * sees its child end, or that a debugger has do anything: whoever of the run sent it a message or a signal, connected to its port, made a file that it
 * took away, or attached to it, shortly before. Others' messages and connections are not seen, and a service has work of its own: what followed on these is
 * never more than shared. Signals and files that are taken away are seen of everybody.
 */
export class SocketRequests {
  readonly #knowledge: SocketRequestKnowledge;
  /** Messages, files that were taken away, and what a tracer had it do, by whom they asked. */
  readonly #bySerial: ReadonlyMap<number, readonly Act[]>;
  /** Signals. */
  readonly #byPid: ReadonlyMap<number, readonly Act[]>;
  readonly #connections: readonly Act[];
  /** All signals, those at which nobody does anything too: whoever is ended by one has a parent. */
  readonly #signals: readonly Act[];
  #connectedTo: ReadonlyMap<number, readonly Act[]> | null = null;
  #wards: ReadonlyMap<number, readonly Act[]> | null = null;
  readonly #actsInTime = new Map<number, ActsInTime>();
  readonly #lifetimes: Lifetimes;

  constructor(knowledge: SocketRequestKnowledge) {
    this.#knowledge = knowledge;
    // What was refused nobody heard.
    const acts = knowledge.recording.acts.filter(({ returned }) => returned === null || returned >= 0);
    const messages = acts.filter(({ call }) => ofOneProcess.has(call));
    this.#bySerial = Map.groupBy(messages, ({ parameters }) => Number(parameters["asked"]));
    this.#byPid = Map.groupBy(acts.filter(isTelling), ({ parameters }) => Number(parameters["pid"]));
    this.#connections = acts.filter(({ call }) => call === askCalls.connection);
    this.#signals = acts.filter(isSignal);
    this.#lifetimes = new Lifetimes(knowledge.recording.processes);
  }

  /** @returns null where nobody of the run had asked the process that did it, or one that it comes from, shortly before */
  of(touch: Touch): Attribution | null {
    if (this.#bySerial.size + this.#signals.length + this.#connections.length === 0) return null;
    const witness = this.#knowledge.witness();
    if (witness.isOfOtherRun(touch.by)) return null;
    let process = witness.process(touch.by);
    let startedMs = Number.POSITIVE_INFINITY;
    for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
      const answer = this.#askedOf(process, touch, startedMs);
      if (answer !== null) return answer;
      // Whoever was there before the run was started by nobody at its request.
      if (process.isOlder || process.parent === null) return null;
      startedMs = process.fromMs;
      process = witness.process(process.parent);
    }
    return null;
  }

  /** At whose request a service that was there before started something at that time. */
  ofChild(service: RecordedProcess, atMs: number): Attribution | null {
    return this.#askedOf(service, { firstMs: atMs, lastMs: atMs + eventLagMs }, atMs);
  }

  /** @param startedMs when the service started what did it, unless it did it itself: requests that came later do not count */
  #askedOf(
    service: RecordedProcess,
    { firstMs, lastMs }: Pick<Touch, "firstMs" | "lastMs">,
    startedMs: number,
  ): Attribution | null {
    const witness = this.#knowledge.witness();
    const asked = this.#actsTo(service)
      .within({ byMs: Math.min(lastMs, startedMs + eventLagMs), sinceMs: firstMs - servedMsMax })
      .filter((act) => fromMs(act) <= startedMs + lagOf(act))
      .map((act) => ({ act, to: witness.of(act.by).to }))
      .filter(({ to }) => isOfRun(to));
    if (asked.length === 0) return null;
    // It was at it already, or had begun who did it, unless the file that it took was only read late.
    const wasBusy = asked.every(({ act }) => fromMs(act) > Math.min(firstMs, startedMs));
    // A file that waited long may have been taken up at any time, or only at its end.
    const isUnsure = asked.every(({ act }) => !isSeenOfAll(act) || act.atMs - firstMs > servedMsMax);
    return {
      to: combined([...asked.map(({ to }) => to), ...(wasBusy || isUnsure ? (["background"] as const) : [])]),
      evidence: asked.slice(0, namedMax).map(({ act, to }): Evidence => {
        const process = witness.process(act.by);
        const who = `${process === null ? "a process" : showProcess(process)} of ${ofWhom(to)}`;
        return {
          kind: "request",
          detail: `is ${showProcess(service)}, or comes from it, and ${who} ${howAsked(act)} before`,
        };
      }),
    };
  }

  /** All by which anybody may have asked it; the same for each of thousands of things that it did. */
  #actsTo(service: RecordedProcess): ActsInTime {
    const known = this.#actsInTime.get(service.serial);
    if (known !== undefined) return known;
    const keepsLog = loggers.has(namedOf(service).name);
    const acts = [
      ...(this.#bySerial.get(service.serial) ?? []),
      ...this.#endingsBelow(service),
      ...[...(this.#byPid.get(service.pid) ?? []), ...this.#connectionsTo(service)].filter(({ atMs }) =>
        wasAlive(service, atMs),
      ),
    ].filter((act) => act.by !== service.serial && (!keepsLog || isSignal(act) || act.call === askCalls.tracing));
    const inTime = new ActsInTime(acts, { fromMs, untilMs: (act) => this.#untilMs(act) });
    this.#actsInTime.set(service.serial, inTime);
    return inTime;
  }

  /** Of what was ended nobody knows that it was the cause: so what follows is shared at most. */
  #endingsBelow({ serial }: RecordedProcess): readonly Act[] {
    if (this.#signals.length === 0) return [];
    const { recording, readings, witness } = this.#knowledge;
    this.#wards ??= endedWards(this.#signals, { processes: recording.processes, witness: witness(), readings });
    return this.#wards.get(serial) ?? [];
  }

  #connectionsTo({ serial }: RecordedProcess): readonly Act[] {
    this.#connectedTo ??= this.#connectionsBySerial();
    return this.#connectedTo.get(serial) ?? [];
  }

  /** Whoever listens is known by pid and start time: pids are used again, and so are ports. */
  #connectionsBySerial(): Map<number, Act[]> {
    const listeners = new AskedListeners(this.#knowledge.readings);
    const witness = this.#knowledge.witness();
    const bySerial = new Map<number, Act[]>();
    for (const act of this.#connections) {
      const reached = new Set(listeners.reachedBy(act).map((listener) => witness.find(listener)?.serial));
      for (const serial of reached) {
        if (serial === undefined) continue;
        const known = bySerial.get(serial);
        if (known === undefined) bySerial.set(serial, [act]);
        else known.push(act);
      }
    }
    return bySerial;
  }

  /** A connection ends with the last of those who can have it: whoever began it, and whoever comes from that. */
  #untilMs(act: Act): number {
    return isHeld(act) ? Math.min(Number(act.parameters["untilMs"]), this.#lifetimes.endOf(act.by)) : act.atMs;
  }
}

/** Pids are used again. */
function wasAlive({ isOlder, fromMs, toMs }: RecordedProcess, atMs: number): boolean {
  return (isOlder || fromMs <= atMs) && (toMs === null || atMs <= toMs);
}

/** That a file was made and taken away is told by file events, and read late. */
function lagOf({ call }: Act): number {
  if (call === askCalls.ending) return noticeMsMax;
  return call === askCalls.taking ? eventLagMs : 0;
}

/** A file that waited to be taken asked since it was made. */
function fromMs({ parameters, atMs }: Act): number {
  return Number(parameters["madeMs"] ?? atMs);
}

function howAsked({ call, parameters }: Act): string {
  if (call === askCalls.message) return "sent it a message";
  if (call === askCalls.tracing) return "attached to it (ptrace(2)), and could have it do anything,";
  if (call === askCalls.taking) return "made a file that it took away";
  if (call === askCalls.connection && parameters["untilMs"] !== undefined)
    return `had connected to its port ${parameters["port"]}, and could ask it through that at any time,`;
  if (call === askCalls.ending) return `ended a child of its (${parameters["signal"]})`;
  return call === askCalls.connection
    ? `connected to its port ${parameters["port"]}`
    : `sent it ${parameters["signal"]}`;
}

/** Through one that stays open more can be asked at any time. */
function isHeld({ parameters }: Act): boolean {
  return parameters["untilMs"] !== undefined;
}

/** Whether it would have been seen of anybody: sockets are watched for the run alone. */
function isSeenOfAll({ call }: Act): boolean {
  return call === signalCall || call === askCalls.taking;
}

function isSignal({ call }: Act): boolean {
  return call === signalCall;
}

function isTelling(act: Act): boolean {
  return isSignal(act) && !silentSignals.has(act.parameters["signal"] ?? "SIGKILL");
}
