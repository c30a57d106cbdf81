import type { LeaseNote, Note } from "./effect.ts";
import type { Recovered } from "./input.ts";
import type { RecoveredLease, WithdrawalRecord } from "./state.ts";

/** What a host ledger holds when an instance starts. */
export interface LedgerContent {
  /** The notes whose keys begin so, sorted by key. */
  notes(prefix: string): readonly { readonly key: string; readonly value: unknown }[];
  /** The keys of the resources that an earlier instance held. */
  readonly resources: Iterable<string>;
}

/** What an earlier instance wrote down for this one. */
export function recoveredFrom(content: LedgerContent): Recovered {
  const membership = noteOf(content, "membership") as { enrolmentSent: boolean } | null;
  return {
    enrolmentSent: membership?.enrolmentSent ?? false,
    pause: noteOf(content, "pause") as Recovered["pause"],
    activityIgnored: noteOf(content, "activity") !== null,
    withdrawal: noteOf(content, "withdrawal") as WithdrawalRecord | null,
    leases: content.notes("lease:").map(({ key, value }) => recoveredLease(key, value as LeaseNote)),
    strays: [...content.resources].some((key) => key.startsWith("processes:") || key.startsWith("cgroup:")),
  };
}

function noteOf(content: LedgerContent, key: Note["key"]): unknown {
  const [note] = content.notes(key);
  return note?.value ?? null;
}

function recoveredLease(key: string, note: LeaseNote): RecoveredLease {
  const { jobId, epoch, checkpoint, uploaded, report } = note;
  // An agent of before this was written down wrote nothing of it.
  const spawnedInBoot = note.spawnedInBoot ?? null;
  return { leaseId: key.slice("lease:".length), jobId, epoch, checkpoint, uploaded, report, spawnedInBoot };
}
