import { compareSnapshots } from "../compare-snapshots.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import type { CorpusItem } from "./item.ts";
import { claimed } from "./judge.ts";
import type { Variables } from "./variables.ts";

/**
 * What of a run's items is on the host, or is gone from it, although it was undone. A shared file into which a line was
 * put and taken out again has another ctime, which nobody can set back, and is another file altogether where programs
 * write it anew; nothing else may differ.
 *
 * @param before taken before anything was done to the host
 */
export async function leftBehind(
  before: Snapshot,
  items: readonly CorpusItem[],
  variables: Variables,
): Promise<string[]> {
  const after = await takeSnapshot();
  const context: AttributionContext = {
    policy: "ci",
    runId: variables["W"] as string,
    windowFromMs: before.startedAtMs,
    windowToMs: after.endedAtMs,
    cgroupPrefixes: [],
    agentPaths: [],
    jobPaths: [],
    harnessPaths: [],
    processes: [],
  };
  const { findings } = await compareSnapshots(before, after, context);
  const names = [variables["W"], variables["T"], variables["N"]].filter((name) => name !== undefined);
  const own = claimed(findings, items, variables).filter(
    ({ changed }) => changed.length === 0 || changed.some((name) => !["ctime", "ino", "btime"].includes(name)),
  );
  const named = findings.filter(({ id, subject }) => names.some((name) => `${id}\n${subject}`.includes(name)));
  return [...new Set([...own, ...named])].map(({ id, change }) => `${id} (${change})`);
}
