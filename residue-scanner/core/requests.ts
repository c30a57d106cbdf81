import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import { askCalls } from "./ask-events.ts";
import { isNamed, isPlaced, startedThing, type StartedThing } from "./asked-things.ts";
import { type DelegateFamily, delegateFamilyOf, isClientOf } from "./delegates.ts";
import { eventLagMs } from "./event-lag.ts";
import type { CrontabFact } from "./fact.ts";
import { likenessOf, scriptLikeness } from "./crontab-command.ts";
import { type RecordedWitness, namedOf, showProcess } from "./recorded-witness.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import { showPath, showText } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { Act, RecordedProcess, Touch } from "./recording.ts";
import { isPutting } from "./touch-attribution.ts";

export interface RequestKnowledge {
  readonly run: RecordedRun;
  readonly witness: () => RecordedWitness;
  /** Lines of crontabs that were there before the run, and those that are there now. */
  readonly crontabsBefore: readonly CrontabFact[];
  readonly crontabsAfter: readonly CrontabFact[];
  /** This host's own addresses, as text; none, or absent, where those are not known. */
  readonly addresses?: ReadonlySet<string>;
}

/** One sign of who asked a daemon for something. */
interface Sign {
  readonly to: AttributionTarget;
  /** Told of a few: there may be thousands, and for each thing that a daemon did all are looked at. */
  readonly detail: () => string;
}

/** A sign, until when by the clock, and whether it is known to be of what was done. */
interface TimedSign extends Sign {
  readonly untilMs: number;
  readonly isOfThis: boolean;
  /** Seen only after what was done, by less than file events may lag. */
  readonly isLate?: boolean;
}

/** What was put where a daemon looks for what it is to do, or that place itself. */
interface Placed {
  readonly path: string;
  readonly isPlace: boolean;
  readonly puttings: readonly {
    readonly process: RecordedProcess;
    readonly firstMs: number;
    readonly lastMs: number;
  }[];
}

/** When a daemon did something, wall times in ms, and what that was where it started something. */
interface Done {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly thing: StartedThing | null;
}

/** What a daemon is asked for it does within this time, or nobody can tell it from what others asked it for. */
const servedMsMax = 3_000;

/**
 * Says at whose request a daemon did something: what is delegated is the doing of whoever asked for it. A request is a
 * file that was put where the daemon looks for work, or a client program of the daemon's; one that was there before the
 * run is the host's own.
 */
export class Requests {
  readonly #knowledge: RequestKnowledge;
  #connections: ReadonlyMap<number, readonly Act[]> | null = null;
  #messages: ReadonlyMap<number, readonly Act[]> | null = null;
  readonly #clients = new Map<DelegateFamily, readonly RecordedProcess[]>();
  readonly #puttings = new Map<DelegateFamily, readonly Placed[]>();

  constructor(knowledge: RequestKnowledge) {
    this.#knowledge = knowledge;
  }

  /** Whose request a child of a delegate carries out. */
  of(child: RecordedProcess, delegate: RecordedProcess): Attribution {
    const family = delegateFamilyOf(namedOf(delegate));
    if (family === null) return { to: "unknown", evidence: [] };
    const started = `was started by ${showProcess(delegate)}`;
    const line = family.family === "cron" ? this.#lineOf(child) : null;
    if (line !== null) return answer([line], started);
    const thing = startedThing(this.#knowledge.witness().subtree(child));
    return this.#bySigns(delegate, { firstMs: child.fromMs, lastMs: child.fromMs, thing }, started);
  }

  /** Whose request a daemon carried out itself at that time; null where it is no delegate. */
  doneBy(delegate: RecordedProcess, { firstMs, lastMs }: Pick<Touch, "firstMs" | "lastMs">): Attribution | null {
    const family = delegateFamilyOf(namedOf(delegate));
    if (family === null) return null;
    return this.#bySigns(delegate, { firstMs, lastMs, thing: null }, `is ${showProcess(delegate)}`);
  }

  /** Whose request it was that something was done on one of a server's terminals, on which its clients can type. */
  onTerminalOf(server: RecordedProcess, { firstMs, lastMs }: Pick<Touch, "firstMs" | "lastMs">): Attribution {
    const where = `was done on a terminal of ${showProcess(server)}`;
    return this.#bySigns(server, { firstMs, lastMs, thing: null }, where);
  }

  #bySigns(delegate: RecordedProcess, done: Done, started: string): Attribution {
    const family = delegateFamilyOf(namedOf(delegate));
    if (family === null) return { to: "unknown", evidence: [] };
    const signs = [...this.#asking(family, delegate, done), ...this.#placed(family, done)];
    const own = signs.filter(({ untilMs, isOfThis }) => isOfThis || done.firstMs - untilMs <= servedMsMax);
    if (own.length > 0) return answer(own, started, isInTime(own) ? [] : ["background"]);
    if (signs.length > 0 && family.later !== "nothing") {
      return answer(signs, started, family.later === "again" ? ["background"] : []);
    }
    const detail = `${started}, and nothing of the run had asked it for anything`;
    return { to: "background", evidence: [{ kind: "request", detail }] };
  }

  /**
   * Those who asked until then by a client program; who still waited outweighs who did not. But what was asked for may be
   * done when its client has left (`docker run -d`): so others who wait do not outweigh the run's that has just ended.
   */
  #asking(family: DelegateFamily, delegate: RecordedProcess, { firstMs, lastMs, thing }: Done): TimedSign[] {
    const witness = this.#knowledge.witness();
    const clients = this.#clientsOf(family).filter(
      (client) => client.fromMs <= lastMs && !this.#asksAnother(client, family, delegate),
    );
    // Since it began, and not until it was last at it: whoever got what he had asked for waits no longer.
    const waiting = new Set(clients.filter((client) => endOf(client) >= firstMs));
    // What a daemon did itself is told late: a client that had to stay connected may have been so.
    const lagMs = thing === null ? eventLagMs : 0;
    const fromMs = firstMs - (family.later === "nothing" ? lagMs : servedMsMax);
    const mayHaveAsked = (client: RecordedProcess) =>
      waiting.has(client) || (endOf(client) >= fromMs && isOfRun(witness.roleOf(client.serial)));
    const asking = waiting.size > 0 ? clients.filter(mayHaveAsked) : clients;
    // Of thousands that say the same a few are enough.
    const signs = new Map<AttributionTarget, TimedSign[][]>();
    for (const client of asking) {
      const to = witness.roleOf(client.serial);
      const untilMs = endOf(client);
      const isOfThis = thing !== null && isNamed(client.commandLine ?? "", thing);
      let kinds = signs.get(to);
      if (kinds === undefined) signs.set(to, (kinds = [[], [], [], []]));
      const same = kinds[(isOfThis ? 2 : 0) + (firstMs - untilMs <= servedMsMax ? 1 : 0)] as TimedSign[];
      if (same.length >= signsMax) continue;
      same.push({ to, detail: () => `${showProcess(client)} of ${ofWhom(to)} asked it to`, untilMs, isOfThis });
    }
    return [...signs.values()].flat(2);
  }

  /** Every process that was a client of this family. */
  #clientsOf(family: DelegateFamily): readonly RecordedProcess[] {
    let clients = this.#clients.get(family);
    if (clients === undefined) {
      const { processes } = this.#knowledge.run.recording;
      clients = [...processes.values()].filter((each) => !each.isOlder && isClientOf(family, namedOf(each)));
      if (family.family === "logins") clients = clients.filter((client) => !this.#isElsewhere(client));
      this.#clients.set(family, clients);
    }
    return clients;
  }

  /** Whether a client was seen to connect, and only to other hosts. */
  #isElsewhere(client: RecordedProcess): boolean {
    const { addresses = new Set(), run, witness } = this.#knowledge;
    if (addresses.size === 0) return false;
    this.#connections ??= Map.groupBy(
      run.recording.acts.filter(({ call }) => call === askCalls.connection),
      ({ by }) => by,
    );
    const connected = this.#connections;
    const connections = witness()
      .subtree(client)
      .flatMap(({ serial }) => connected.get(serial) ?? []);
    // Of version 6 the address is not told.
    const isOther = ({ parameters: { address } }: Act) =>
      address !== undefined && !here.test(address) && !addresses.has(address);
    return connections.length > 0 && connections.every(isOther);
  }

  /**
   * Whether a client of terminals was seen to speak with another server than this one, or to start one of its own: each
   * user has a server, and who types on one cannot type on another.
   */
  #asksAnother(client: RecordedProcess, family: DelegateFamily, { serial }: RecordedProcess): boolean {
    if (family.family !== "terminals") return false;
    const { run, witness } = this.#knowledge;
    this.#messages ??= Map.groupBy(
      run.recording.acts.filter(({ call }) => call === askCalls.message),
      ({ by }) => by,
    );
    const isServer = (process: RecordedProcess | null) =>
      process !== null && delegateFamilyOf(namedOf(process)) === family;
    const [, ...below] = witness().subtree(client);
    const asked = (this.#messages.get(client.serial) ?? []).map(({ parameters }) => Number(parameters["asked"]));
    if (asked.includes(serial)) return false;
    return (
      isServer(this.#namedAbove(client)) ||
      below.some(isServer) ||
      asked.some((each) => isServer(witness().process(each)))
    );
  }

  /**
   * Whoever forked a process, past those of whom nobody could read what they run: a server is forked by its first client,
   * through another that ends at once.
   */
  #namedAbove({ parent }: RecordedProcess): RecordedProcess | null {
    const { witness } = this.#knowledge;
    for (let above = parent; above !== null; ) {
      const process = witness().process(above);
      if (process === null || namedOf(process).name !== "") return process;
      above = process.parent;
    }
    return null;
  }

  /** What was put, until then, where this family looks for what it is to do. */
  #placed(family: DelegateFamily, { lastMs: atMs, thing }: Done): TimedSign[] {
    const signs: TimedSign[] = [];
    for (const { path, isPlace, puttings } of this.#puttingsFor(family)) {
      const own = new Map<string, TimedSign>();
      for (const { process, firstMs, lastMs } of puttings) {
        // When a child began is exact; what it was to do may have been put there before, and read later.
        if (firstMs > atMs + (thing === null ? 0 : eventLagMs)) continue;
        const to = this.#knowledge.witness().roleOf(process.serial);
        const isLate = firstMs > atMs;
        const had = isLate ? "put" : "had put";
        const when = isLate ? ", before or just after that" : "";
        const key = `${to} ${isLate}`;
        own.set(key, {
          to,
          detail: () => `${showProcess(process)} of ${ofWhom(to)} ${had} ${showPath(path)} there${when}`,
          untilMs: Math.max(lastMs, own.get(key)?.untilMs ?? lastMs),
          isOfThis: !isPlace && thing !== null && isPlaced(path, thing),
          isLate,
        });
      }
      signs.push(...own.values());
    }
    return signs;
  }

  /** By path, who put what where this family looks for what it is to do. */
  #puttingsFor(family: DelegateFamily): readonly Placed[] {
    const known = this.#puttings.get(family);
    if (known !== undefined) return known;
    const { run, witness } = this.#knowledge;
    const placed = family.places.flatMap((place) =>
      [{ path: place, touches: run.touchesOf(place) }, ...run.touchedIn(place)].map(({ path, touches }): Placed => {
        const puttings = touches.flatMap(({ by, kinds, firstMs, lastMs }) => {
          const process = witness().process(by);
          const isTaken = kinds.every((kind) => kind === "deleted" || kind === "moved-from");
          // What the daemon itself writes there is no request.
          const isPut = !isTaken && process !== null && delegateFamilyOf(namedOf(process)) !== family;
          return isPut ? [{ process, firstMs, lastMs }] : [];
        });
        return { path, isPlace: path === place, puttings };
      }),
    );
    // One place may lie in another.
    const byPath = new Map(placed.map((each) => [each.path, each]));
    const asking = [...byPath.values()].filter(({ puttings }) => puttings.length > 0);
    this.#puttings.set(family, asking);
    return asking;
  }

  /** The line of a crontab, or the script in one of cron's directories, that a child of cron carries out. */
  #lineOf(child: RecordedProcess): Sign | null {
    const { crontabsBefore, crontabsAfter, witness, run } = this.#knowledge;
    const said = witness()
      .subtree(child)
      .flatMap(({ commandLine }) => (commandLine === null ? [] : [commandLine]));
    const old = bestOf(crontabsBefore, said);
    const now = bestOf(crontabsAfter, said);
    if (old !== null && old.likeness >= (now?.likeness ?? 0) && !run.touchesOf(old.fact.file).some(isPutting)) {
      return { to: "background", detail: () => `${whatAsks(old.fact)}, which was there before the run` };
    }
    const asks = now ?? old;
    if (asks === null) return null;
    const writers = run.touchesOf(asks.fact.file).filter(isPutting);
    const to = combined(writers.map(({ by }) => witness().of(by).to));
    const [writer] = writers.map(({ by }) => witness().process(by)).filter((each) => each !== null);
    const wrote = writer === undefined ? "" : `, which ${showProcess(writer)} wrote`;
    return { to, detail: () => `${whatAsks(asks.fact)}${wrote}` };
  }
}

/** Whether what the run asked for, if anything, was asked before it was done; else that may have been others' doing. */
function isInTime(signs: readonly TimedSign[]): boolean {
  const ours = signs.filter(({ to }) => isOfRun(to));
  return ours.length === 0 || ours.some(({ isLate }) => isLate !== true);
}

function endOf({ toMs }: RecordedProcess): number {
  return toMs ?? Number.POSITIVE_INFINITY;
}

function whatAsks({ line, file, text }: CrontabFact): string {
  return line === null
    ? `it runs the script ${showPath(file)}`
    : `line ${line} of ${showPath(file)} asks for it (${showText(text)})`;
}

function bestOf(
  facts: readonly CrontabFact[],
  said: readonly string[],
): { fact: CrontabFact; likeness: number } | null {
  let best: { fact: CrontabFact; likeness: number } | null = null;
  for (const fact of facts) {
    const asks = (commandLine: string) =>
      fact.line === null ? scriptLikeness(commandLine, fact.file) : likenessOf(commandLine, fact.text);
    const likeness = Math.max(0, ...said.map(asks));
    if (likeness > (best?.likeness ?? 0)) best = { fact, likeness };
  }
  return best;
}

/** @param others who may have asked as well, unseen */
function answer(signs: readonly Sign[], started: string, others: readonly AttributionTarget[] = []): Attribution {
  const evidence = signs
    .slice(0, signsMax)
    .map(({ detail }): Evidence => ({ kind: "request", detail: `${started}: ${detail()}` }));
  return { to: combined([...signs.map(({ to }) => to), ...others]), evidence };
}
const signsMax = 3;
/** All of 127.0.0.0/8, and in place of an address none. */
const here = /^(?:127\.|0\.0\.0\.0$)/;
