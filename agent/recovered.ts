import type { LeaseNote, Note } from "./core/effect.ts";
import type { Recovered } from "./core/input.ts";
import type { RecoveredLease, WithdrawalRecord } from "./core/state.ts";
import type { FileHostLedger } from "./io/host-ledger.ts";

/** How the agent of a home joined; a later start goes on with it. */
export interface HomeNote {
  readonly broker: string;
  readonly joinToken: string;
  readonly slots: number;
  readonly agentId: string;
}

export function homeNote(ledger: FileHostLedger): HomeNote | null {
  return noteOf(ledger, "home") as HomeNote | null;
}

/** What an earlier instance wrote down for this one. */
export function recoveredFrom(ledger: FileHostLedger): Recovered {
  const held = ledger.live().some(({ kind }) => kind === "processes" || kind === "cgroup");
  return {
    enrolmentSent: (noteOf(ledger, "membership") as { enrolmentSent: boolean } | null)?.enrolmentSent ?? false,
    pause: noteOf(ledger, "pause") as Recovered["pause"],
    withdrawal: noteOf(ledger, "withdrawal") as WithdrawalRecord | null,
    leases: ledger.notes("lease:").map(({ key, value }) => recoveredLease(key, value as LeaseNote)),
    strays: held,
  };
}

function noteOf(ledger: FileHostLedger, key: Note["key"] | "home"): unknown {
  const note = ledger.notes(key).find((each) => each.key === key);
  return note?.value ?? null;
}

function recoveredLease(key: string, { jobId, epoch, checkpoint, uploaded, report }: LeaseNote): RecoveredLease {
  return { leaseId: key.slice("lease:".length), jobId, epoch, checkpoint, uploaded, report };
}
