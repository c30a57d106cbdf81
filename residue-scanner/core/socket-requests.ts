import type { Evidence } from "../../protocol/residue-report.ts";
import { askCalls } from "./ask-events.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import type { SocketFact } from "./fact.ts";
import type { Attribution } from "./process-attribution.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { Act, RecordedProcess, Recording, Touch } from "./recording.ts";

export interface SocketRequestKnowledge {
  readonly recording: Recording;
  readonly witness: () => RecordedWitness;
  /** Those that there were before the run. */
  readonly sockets: readonly SocketFact[];
}

/** What a service is asked for it does within this time, or nobody can tell it from what it does for itself. */
const servedMsMax = 3_000;
/** More ancestors than that no service has. */
const depthMax = 100;
const namedMax = 2;
/** Whoever sends them a line asks for nothing but that it is kept, as everybody's are. */
const loggers: ReadonlySet<string> = new Set([
  ...["systemd-journald", "systemd-journal", "rsyslogd", "syslogd", "syslog-ng", "metalog", "auditd"],
]);

/**
 * Says at whose request a service did something that takes its orders through a socket: whoever of the run sent it a
 * message, or connected to its port, shortly before. Others' requests are not seen.
 */
export class SocketRequests {
  readonly #knowledge: SocketRequestKnowledge;
  readonly #bySerial: ReadonlyMap<number, readonly Act[]>;
  readonly #byPid: ReadonlyMap<number, readonly Act[]>;

  constructor(knowledge: SocketRequestKnowledge) {
    this.#knowledge = knowledge;
    const { acts } = knowledge.recording;
    const messages = acts.filter(({ call }) => call === askCalls.message);
    this.#bySerial = Map.groupBy(messages, ({ parameters }) => Number(parameters["asked"]));
    this.#byPid = connectionsOf(acts, knowledge.sockets);
  }

  /** @returns null where nobody of the run had asked the process that did it, or one that it comes from, shortly before */
  of(touch: Touch): Attribution | null {
    if (this.#bySerial.size + this.#byPid.size === 0) return null;
    const witness = this.#knowledge.witness();
    let process = witness.process(touch.by);
    for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
      const answer = this.#askedOf(process, touch);
      if (answer !== null) return answer;
      process = process.parent === null ? null : witness.process(process.parent);
    }
    return null;
  }

  /** At whose request a service that was there before started something at that time. */
  ofChild(service: RecordedProcess, atMs: number): Attribution | null {
    return this.#askedOf(service, { firstMs: atMs, lastMs: atMs });
  }

  #askedOf(service: RecordedProcess, { firstMs, lastMs }: Pick<Touch, "firstMs" | "lastMs">): Attribution | null {
    if (loggers.has(namedOf(service).name)) return null;
    const acts = [
      ...(this.#bySerial.get(service.serial) ?? []),
      ...(service.isOlder ? (this.#byPid.get(service.pid) ?? []) : []),
    ];
    const witness = this.#knowledge.witness();
    const asked = acts
      .filter(({ by, atMs }) => by !== service.serial && atMs <= lastMs && firstMs - atMs <= servedMsMax)
      .map((act) => ({ act, to: witness.of(act.by).to }))
      .filter(({ to }) => isOfRun(to));
    if (asked.length === 0) return null;
    const wasBusy = asked.every(({ act }) => act.atMs > firstMs);
    return {
      to: combined([...asked.map(({ to }) => to), ...(wasBusy ? (["background"] as const) : [])]),
      evidence: asked.slice(0, namedMax).map(({ act, to }): Evidence => {
        const process = witness.process(act.by);
        const who = `${process === null ? "a process" : showProcess(process)} of ${ofWhom(to)}`;
        const how =
          act.call === askCalls.message ? "sent it a message" : `connected to its port ${act.parameters["port"]}`;
        return { kind: "request", detail: `is ${showProcess(service)}, or comes from it, and ${who} ${how} before` };
      }),
    };
  }
}

/** By the pids of those who listen there. */
function connectionsOf(acts: readonly Act[], sockets: readonly SocketFact[]): Map<number, Act[]> {
  const listeners = new Map<string, number[]>();
  for (const { protocol, state, local, owners } of sockets) {
    if (!protocol.startsWith("tcp") || state !== "listening") continue;
    const port = local.slice(local.lastIndexOf(":") + 1);
    listeners.set(port, [...(listeners.get(port) ?? []), ...(owners ?? [])]);
  }
  const byPid = new Map<number, Act[]>();
  for (const act of acts) {
    const { call, parameters, apart = [] } = act;
    if (call !== askCalls.connection || apart.includes("net")) continue;
    for (const pid of listeners.get(parameters["port"] ?? "") ?? []) byPid.set(pid, [...(byPid.get(pid) ?? []), act]);
  }
  return byPid;
}
