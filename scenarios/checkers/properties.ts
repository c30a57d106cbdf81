import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import { present } from "../../foundation/assert.ts";
import type { Judgement, Taker, Watch } from "./checker.ts";
import { failed } from "./checker.ts";
import { type CheckerName, checkers, crashed } from "./registry.ts";
import type { CheckerSettings, SettingTable } from "./setting.ts";
import type { Violation } from "./story.ts";

/** The checkers that hold in every run, whatever breaks, because they ask for nothing to have happened. */
export const propertyNames = [
  "lease-exclusivity",
  "fencing",
  "completion-once",
  "no-lost-job",
  "transitions",
  "pause-silence",
  "resume-thaws",
  "no-intake",
  "key-revoked",
  "withdraw-complete",
  "withdrawal-bound",
  "ledger-conservation",
  "shutdown-once",
  "shutdown-ends",
  "freeze-bound",
  "lost-noticed",
  "checkpoint-progress",
  "checkpoints-there",
  "cooperation-true",
  "latest-instance",
  "results-correct",
  "exits-told",
  "lease-overrun",
  "work-kept",
  "word-kept",
  "command-once",
  "commands-once",
  "executions",
  "revoked-first",
  "state-of-work",
  "requests-answered",
  "withdrawal-report",
  "withdrawal-calls",
  "withdrawal-told",
  "withdrawal-persists",
  "grants-expire",
  "lease-calls",
  "agent-calls",
  "holder-alone",
  "work-state",
  "shown-as-told",
  "status-true",
  "broker-contact",
  "owner-holds",
  "activity-pauses",
  "deaths-blamed",
  "backoff",
  "drained-rests",
] as const satisfies readonly CheckerName[];

/** The checkers that hold only where nothing breaks: what agent and broker owe when they have no excuse. */
export const dutyNames = [
  "pause-told",
  "freezes-end",
  "checkpoints-made",
  "cooperation-heeded",
  "checkpoints-told",
  "pause-heard",
  "held-starts",
  "withdrawal-pace",
  "withdrawal-hands-back",
  "withdrawal-thorough",
  "owner-granted",
  "signals-heeded",
  "heartbeat-rhythm",
  "work-offered",
  "offers-answered",
  "work-undisturbed",
  "ends-told",
  "queue-order",
  "starts-counted",
  "slots-told",
  "unstartable-declined",
  "unstartable-spared",
  "broker-heard",
  "shutdown-handover",
  "shutdown-bound",
  "start-duty",
  "stop-duty",
  "command-duty",
  "wake-truth",
] as const satisfies readonly CheckerName[];
export type PropertyName = (typeof propertyNames)[number] | (typeof dutyNames)[number];

export interface PropertyWatch<Name extends string = PropertyName> {
  /** Takes the next record of the log; the first violation that it makes is told, with the property's name. */
  see(record: HistoryRecord): { readonly checker: Name; readonly violation: Violation } | null;
  /** What each property came to; one that was violated on the way has failed, one that crashed is unknown. */
  end(): { readonly checker: Name; readonly judgement: Judgement }[];
}

/** Which of the checkers want which type, by their places in the list; read once for each list of names. */
const wantedBy = new WeakMap<readonly PropertyName[], ReadonlyMap<HistoryType, readonly number[]>>();

/** One property's share in a type of records. */
interface Share {
  readonly one: Watched;
  readonly take: Taker;
}

interface Watched {
  readonly name: PropertyName;
  readonly watch: Watch;
  /** Known before the end when the property was violated or its checker crashed; it is not asked again then. */
  judgement: Judgement | null;
}

/**
 * Watches properties over one history. A record that no property wants costs one look-up.
 *
 * @param settings by property; what a checker takes no notice of may be among them, and one that is not told what it
 *   needs is left out
 */
export function watchProperties(
  names: readonly PropertyName[] = propertyNames,
  settings: Readonly<Partial<Record<PropertyName, CheckerSettings>>> = {},
): PropertyWatch {
  const isWatched = (name: PropertyName): boolean => isToldEnough(checkers[name].settings, settings[name] ?? {});
  const places: (Watched | null)[] = names.map((name) =>
    isWatched(name) ? { name, watch: checkers[name].begin(settings[name] ?? {}), judgement: null } : null,
  );
  const watched = places.filter((one) => one !== null);
  const wanting = wantedIn(names);
  /** Found when the first record of a type comes: no run has all of them. */
  const wanted = new Map<HistoryType, readonly Share[]>();
  return {
    see(record) {
      let shares = wanted.get(record.type);
      if (shares === undefined) {
        shares = sharesOf(record.type, { places, wanting });
        wanted.set(record.type, shares);
      }
      let first: { checker: PropertyName; violation: Violation } | null = null;
      // Asked in one go, and again behind whichever crashed: nearly none does.
      for (let next = 0; next < shares.length; ) {
        try {
          for (; next < shares.length; next += 1) {
            const { one, take } = shares[next] as Share;
            if (one.judgement !== null) continue;
            const violation = take(record) ?? null;
            if (violation === null) continue;
            one.judgement = failed(violation);
            first ??= { checker: one.name, violation };
          }
        } catch (error) {
          (shares[next] as Share).one.judgement = crashed(error);
          next += 1;
        }
      }
      return first;
    },
    end: () => watched.map((one) => ({ checker: one.name, judgement: one.judgement ?? atEnd(one) })),
  };
}

/** Without what it needs a checker would prove nothing. */
function isToldEnough(table: SettingTable, settings: CheckerSettings): boolean {
  for (const name in table) if (table[name]?.needed === true && settings[name] === undefined) return false;
  return true;
}

function wantedIn(names: readonly PropertyName[]): ReadonlyMap<HistoryType, readonly number[]> {
  const known = wantedBy.get(names);
  if (known !== undefined) return known;
  const wanting = new Map<HistoryType, number[]>();
  for (const [place, name] of names.entries()) {
    for (const type of checkers[name].sees) wanting.set(type, [...(wanting.get(type) ?? []), place]);
  }
  wantedBy.set(names, wanting);
  return wanting;
}

function sharesOf(
  type: HistoryType,
  { places, wanting }: { places: readonly (Watched | null)[]; wanting: ReadonlyMap<HistoryType, readonly number[]> },
): Share[] {
  const shares: Share[] = [];
  for (const place of wanting.get(type) ?? []) {
    const one = places[place] ?? null;
    if (one !== null) shares.push({ one, take: present(one.watch.taker(type), "a checker takes what it sees") });
  }
  return shares;
}

function atEnd({ watch }: Watched): Judgement {
  try {
    return watch.end();
  } catch (error) {
    return crashed(error);
  }
}
