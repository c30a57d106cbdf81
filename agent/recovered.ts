import type { ActivityWish } from "./activity/activity-wish.ts";
import { resourceKey } from "./host-resource.ts";
import type { Recovered } from "./core/input.ts";
import * as recovery from "./core/recovery.ts";
import type { FileHostLedger } from "./io/host-ledger.ts";
import type { JobTerms } from "./job-terms.ts";

/** How the agent of a home joined; a later start goes on with it. */
export interface HomeNote {
  readonly broker: string;
  readonly joinToken: string;
  /** One that was given later. Whoever the broker knows is let in with any, so that it works is not known. */
  readonly newerJoinToken?: string;
  readonly slots: number;
  readonly agentId: string;
  /** Absent where the home is older than this. */
  readonly terms?: JobTerms;
  /** By what it pauses by itself. */
  readonly activity?: ActivityWish;
}

export function homeNote(ledger: FileHostLedger): HomeNote | null {
  const note = ledger.notes("home").find(({ key }) => key === "home");
  return (note?.value as HomeNote | undefined) ?? null;
}

/** What an earlier instance wrote down for this one. */
export function recoveredFrom(ledger: FileHostLedger): Recovered {
  return recovery.recoveredFrom({
    notes: (prefix) => ledger.notes(prefix),
    resources: ledger.live().map(resourceKey),
  });
}
