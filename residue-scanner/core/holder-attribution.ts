import type { AttributionTarget } from "../../protocol/residue-report.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";

/** The holder whom it counts most to name. */
export function worstOf(
  pids: readonly number[],
  witness: ProcessWitness,
): (Attribution & { readonly pid: number }) | undefined {
  const owners = pids.map((pid) => ({ pid, ...witness.ofPid(pid) }));
  const rank: readonly AttributionTarget[] = ["job", "agent", "shared", "unknown", "harness", "background"];
  return owners.toSorted((one, other) => rank.indexOf(one.to) - rank.indexOf(other.to))[0];
}
