import type { SurfaceStatus } from "../../protocol/residue-report.ts";
import { type Surface, type SurfaceReading, surfaces } from "./fact.ts";
import { showText } from "./path-text.ts";
import type { Snapshot } from "./snapshot.ts";

const statusesBestFirst: readonly SurfaceStatus["status"][] = ["done", "partial", "not-permitted", "failed"];

/** What became of each surface in both readings; a comparison is as good as the worse of them. */
export function surfaceStatuses(
  before: Snapshot,
  after: Snapshot,
  { moreFiles, unseen }: { readonly moreFiles: number; readonly unseen: ReadonlyMap<Surface, readonly string[]> },
): SurfaceStatus[] {
  return surfaces.map((surface) => {
    const readings = [before, after].map((snapshot) =>
      snapshot.surfaces.find((reading) => reading.surface === surface),
    );
    const [old, now] = readings;
    const comparison = problemOf(before, after);
    const troubles = readings.map((reading) => troubleOf(reading, surface));
    // What differs and is not looked at may be anybody's.
    const dropped: Trouble =
      surface === "files" && moreFiles > 0
        ? { status: "failed", detail: `${moreFiles} more differences than one report takes were left out` }
        : { status: "done", detail: "" };
    const moved = unseenMoves(unseen.get(surface) ?? []);
    const problems = [comparison, ...troubles, dropped, moved];
    const worst = Math.max(...problems.map(({ status }) => statusesBestFirst.indexOf(status)));
    return {
      surface,
      status: statusesBestFirst[worst] ?? "failed",
      detail: [comparison.detail, bothTold(troubles.map(({ detail }) => detail)), dropped.detail, moved.detail]
        .filter(Boolean)
        .join("; "),
      factsBefore: old?.facts ?? 0,
      factsAfter: now?.facts ?? 0,
      durationMs: (old?.durationMs ?? 0) + (now?.durationMs ?? 0),
    };
  });
}

const namedMax = 3;

/** @param keys of what moved, by itself or by whomever */
function unseenMoves(keys: readonly string[]): Trouble {
  if (keys.length === 0) return { status: "done", detail: "" };
  const more = keys.length > namedMax ? ` and ${keys.length - namedMax} more` : "";
  const named = keys
    .slice(0, namedMax)
    .map((key) => showText(key))
    .join(", ");
  return { status: "partial", detail: `${named}${more} changed, and nobody saw by whom` };
}

/** What one reading could not see and the other could, or saw more of, is told of that one. */
function bothTold(details: readonly string[]): string {
  const [old = "", now = ""] = details;
  if (old === now) return old;
  return [old && `at the baseline: ${old}`, now && `afterwards: ${now}`].filter(Boolean).join("; ");
}

type Trouble = Pick<SurfaceStatus, "status" | "detail">;

/** Snapshots that cannot be compared prove nothing. */
function problemOf(before: Snapshot, after: Snapshot): Trouble {
  if (before.bootId !== after.bootId)
    return { status: "failed", detail: "the host was restarted between the two snapshots" };
  if (before.host !== after.host) return { status: "failed", detail: "the snapshots are of two hosts" };
  if (before.uid !== after.uid)
    return { status: "failed", detail: "the snapshots were taken by two users, who see different things" };
  if (String(before.scope) !== String(after.scope))
    return { status: "failed", detail: "the snapshots read different directories" };
  if (before.filesReader !== after.filesReader)
    return { status: "failed", detail: "files were read in two different ways" };
  return { status: "done", detail: "" };
}

function troubleOf(reading: SurfaceReading | undefined, surface: Surface): Trouble {
  if (reading !== undefined) return { status: reading.status, detail: reading.detail };
  return { status: "failed", detail: `the snapshot lacks ${surface}` };
}

/** Surfaces of which all was seen that was asked for, in both readings. */
export function narrowedIn(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const names = [before, after].map(({ surfaces: readings }) =>
    readings.filter(({ isNarrowed }) => isNarrowed === true).map(({ surface }) => surface),
  );
  return new Set(names[0]).intersection(new Set(names[1]));
}
