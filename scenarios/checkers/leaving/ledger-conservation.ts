import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation, type Violation } from "../story.ts";

type LedgerRecord = RecordOf<"agent.acquired"> | RecordOf<"agent.released">;

interface Ledger {
  /** What its instances acquired and did not release. */
  readonly held: Map<string, HistoryRecord>;
  /** What the host shows of it. */
  readonly made: Map<string, RecordOf<"witness.resource">>;
  /** Whether the log knows the ledger from its beginning. Of one that is older nobody can tell what it held before. */
  readonly complete: boolean;
}

/**
 * I11: acquired − released = live, for every resource at every step. Nothing of an agent comes to be on the host before
 * its ledger has it, nothing is struck off that the host still shows or that was not held, and a withdrawal that says
 * that its ledger is empty has released or wiped all. The ledger outlives the instance, so it is kept by agent; what an
 * instance writes before it has said whose it is waits for that.
 */
export const ledgerConservation = checkerOf("acquired minus released is what there is (I11)", () => {
  const ledgers = new Map<string, Ledger>();
  const owners = new Map<string, string>();
  const latest = new Map<string, string>();
  const waiting = new Map<string, LedgerRecord[]>();
  let changes = 0;

  const waits = (key: string): HistoryRecord | undefined => {
    for (const records of waiting.values()) {
      const found = records.findLast((one) => one.type === "agent.acquired" && one.data.resource === key);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const change = (record: LedgerRecord): Violation | null => {
    const owner = owners.get(record.source);
    const ledger = owner === undefined ? undefined : ledgers.get(owner);
    changes += 1;
    if (ledger !== undefined) return applyTo(ledger, record, waits);
    const before = waiting.get(record.source);
    if (before === undefined) waiting.set(record.source, [record]);
    else before.push(record);
    return null;
  };

  return {
    on: {
      "agent.started": (record) => {
        const { source, data } = record;
        // An instance that does not know whose it is answers for itself.
        const owner = data.agentId ?? source;
        const before = latest.get(owner);
        if (before !== undefined) owners.delete(before);
        owners.set(source, owner);
        latest.set(owner, source);
        if (!ledgers.has(owner)) {
          const complete = owner !== source && !data.resumed;
          ledgers.set(owner, { held: new Map(), made: new Map(), complete });
        }
        const early = waiting.get(source) ?? [];
        waiting.delete(source);
        changes -= early.length;
        return early.map(change).find((wrong) => wrong !== null) ?? null;
      },
      "agent.acquired": change,
      "agent.released": change,
      "witness.resource": (record) => {
        const { agentId, change: how, resource } = record.data;
        const ledger = ledgers.get(agentId);
        if (how === "gone") {
          ledger?.made.delete(resource);
          return;
        }
        ledger?.made.set(resource, record);
        if (ledger?.complete === false || ledger?.held.has(resource) || waits(resource) !== undefined) return;
        return violation(`${resource} came to be, and the ledger does not have it`, record);
      },
      "agent.withdrawal": (record) => {
        const ledger = ledgers.get(owners.get(record.source) ?? "");
        if (ledger === undefined || record.data.report.ledgerEntriesLeft > 0) return;
        const { directoriesWiped } = record.data.report;
        for (const [key, acquired] of ledger.held) {
          const path = key.slice(key.indexOf(":") + 1);
          if (directoriesWiped.some((wiped) => path === wiped || path.startsWith(`${wiped}/`))) continue;
          return violation(`${key} was never released, and the report counts no entry left`, acquired, record);
        }
        ledger.held.clear();
        return;
      },
    },
    end: () =>
      changes === 0 ? undecided("no ledger was observed") : passed(`${changes} changes, every one accounted`),
  };
});

function applyTo(
  { held, made, complete }: Ledger,
  record: LedgerRecord,
  waits: (key: string) => HistoryRecord | undefined,
): Violation | null {
  const { resource } = record.data;
  if (record.type === "agent.acquired") {
    held.set(resource, record);
    return null;
  }
  const acquired = held.get(resource);
  held.delete(resource);
  const there = made.get(resource);
  if (there !== undefined) {
    return violation(`${resource} was released while the host still shows it`, acquired, there, record);
  }
  // An instance that was killed before it said whose it is may have acquired it.
  if (acquired !== undefined || !complete || waits(resource) !== undefined) return null;
  return violation(`${resource} was released, and the ledger did not have it`, record);
}
