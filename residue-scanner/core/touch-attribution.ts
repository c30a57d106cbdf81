import type { AttributionTarget } from "../../protocol/residue-report.ts";
import { combined, isOfRun } from "./combined-roles.ts";
import type { FileDifference } from "./difference.ts";
import { milliseconds } from "./file-fact.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedWitness } from "./recorded-witness.ts";
import type { Touch, TouchKind } from "./recording.ts";
import { stampLagMs } from "./stamp-lag.ts";
import { type JudgedTouch, touchEvidence } from "./touch-evidence.ts";

/** Which touches account for which changed attribute. Flags (chattr(1)) and links under other names leave none. */
const explaining: Readonly<Record<string, readonly TouchKind[]>> = {
  kind: ["created", "moved-to"],
  ino: ["created", "moved-to"],
  btime: ["created", "moved-to"],
  device: ["created", "moved-to"],
  flags: ["created", "moved-to"],
  nlink: ["created", "moved-to", "deleted"],
  mode: ["attributes", "created", "moved-to"],
  uid: ["attributes", "created", "moved-to"],
  gid: ["attributes", "created", "moved-to"],
  xattrs: ["attributes", "created", "moved-to"],
  size: ["modified", "created", "moved-to"],
  mtime: ["modified", "attributes", "created", "moved-to"],
  ctime: ["modified", "attributes", "created", "moved-to", "moved-from", "deleted"],
};
const coming: readonly TouchKind[] = ["created", "moved-to"];
const going: readonly TouchKind[] = ["deleted", "moved-from"];

export interface TouchedFile {
  readonly difference: FileDifference;
  readonly touches: readonly Touch[];
}

/** Whose a touch is; a daemon's, of whoever asked for it. */
export type RoleOfTouch = (touch: Touch) => Attribution;

/**
 * Whose a file is by who touched its name while the run went on; null where nobody did that says anything.
 *
 * Only what proves to have been done to an earlier file of the same name is left out: then it was not this one. Not what
 * the run put there and somebody else wrote anew, nor the other way round.
 */
export function attributeTouches(
  { difference, touches }: TouchedFile,
  { witness, roleOf }: { witness: RecordedWitness; roleOf: RoleOfTouch },
): Attribution | null {
  const telling = touches.filter((touch) => isTelling(touch, difference));
  if (telling.length === 0) return null;
  const taking = difference.change === "appeared" ? touches.filter(isTaking).filter((each) => isOwn(roleOf(each))) : [];
  const carried = touches.filter(
    (touch) => mayLiveOn(touch, difference) && !telling.includes(touch) && !wasTaken(touch, taking),
  );
  const told = telling.map((touch) => ({ touch, ...roleOf(touch) }));
  const isOurs = told.some(({ to }) => isOfRun(to));
  const lives = (to: AttributionTarget) => isOfRun(to) || (isOurs && to === "background");
  const judged = [...carried.map((touch) => ({ touch, ...roleOf(touch) })).filter(({ to }) => lives(to)), ...told];
  const to = whoseOf(judged, difference);
  const evidence = touchEvidence(judged, witness);
  if (isOfRun(to)) return { to, evidence };
  const unexplained = unexplainedBy(telling, difference);
  if (unexplained.length === 0) return { to, evidence };
  const detail = `nobody was seen to do what changed ${unexplained.join(", ")}`;
  return { to: "unknown", evidence: [...evidence, { kind: "recorder", detail }] };
}

/** Who only gave attributes to what the run made has no part in its being there. */
function whoseOf(judged: readonly JudgedTouch[], { change }: FileDifference): AttributionTarget {
  const to = combined(judged.map((each) => each.to));
  if (change !== "appeared" || to !== "shared") return to;
  const ours = judged.filter((each) => isOfRun(each.to));
  const others = judged.filter((each) => !isOfRun(each.to));
  const isMade = ours.some(({ touch }) => touch.kinds.some((kind) => coming.includes(kind)));
  const isSet = others.every(({ touch }) => touch.kinds.every((kind) => kind === "attributes"));
  return isMade && isSet ? combined(ours.map((each) => each.to)) : to;
}

function isTelling({ kinds, lastMs }: Touch, { change, before, after }: FileDifference): boolean {
  if (change === "vanished") return kinds.some((kind) => going.includes(kind));
  // That entries of a directory came or went is told by these.
  if (after?.kind === "directory" && kinds.every((kind) => kind === "modified")) return false;
  // What is written to a device or a pipe goes elsewhere, and leaves nothing in it.
  const isPassage = after?.kind === "character device" || after?.kind === "fifo" || after?.kind === "socket";
  if (isPassage && kinds.every((kind) => kind === "modified")) return false;
  const bornNs = after?.bornNs ?? 0n;
  const isAnother = before === null || before.ino !== after?.ino || before.bornNs !== bornNs;
  return !(isAnother && bornNs > 0n && lastMs < milliseconds(bornNs) - stampLagMs);
}

/**
 * Whoever writes a file anew may have read it: then what the run had put into it is in there still. Where it was not there
 * before, the run that put it there and did not take it away is why there is one at all.
 */
function mayLiveOn({ kinds }: Touch, { change, before, after }: FileDifference): boolean {
  const isPut = kinds.includes("modified") || kinds.some((kind) => coming.includes(kind));
  if (change === "changed") return before?.kind === "file" && isPut;
  return change === "appeared" && after?.kind === "file" && isPut && !kinds.some((kind) => going.includes(kind));
}

/** Whoever also put it there may have done so last. */
function isTaking({ kinds }: Touch): boolean {
  return kinds.some((kind) => going.includes(kind)) && !kinds.some((kind) => coming.includes(kind));
}

/** Others may take away what they write anew from what they have read in it (logrotate, an editor). */
function isOwn({ to }: Attribution): boolean {
  return to === "job" || to === "agent" || to === "harness";
}

/** What was read in the same moment may have happened in either order. */
function wasTaken({ lastMs }: Touch, taking: readonly Touch[]): boolean {
  return taking.some(({ firstMs }) => firstMs > lastMs);
}

function unexplainedBy(touches: readonly Touch[], { change, changed, after }: FileDifference): string[] {
  // Another name, or one less, moves nothing of a file but its count of links and its ctime.
  const kinds = new Set(touches.flatMap((touch) => (touch.isOfLinks === true ? [] : touch.kinds)));
  const has = (wanted: readonly TouchKind[]) => wanted.some((kind) => kinds.has(kind));
  if (change === "appeared") {
    // With its directory all was forgotten that was known of its coming: what is gone again since it was read left nothing.
    const readMs = milliseconds(after?.changedNs ?? 0n);
    const isGone = touches.some(({ kinds: each, lastMs }) => each.includes("deleted") && lastMs >= readMs);
    return has(coming) || isGone ? [] : ["its coming"];
  }
  if (change === "vanished") return [];
  const linked = touches.some(({ isOfLinks }) => isOfLinks === true) ? ["nlink", "ctime"] : [];
  return changed.filter((name) => !has(explaining[name] ?? []) && !linked.includes(name));
}

/** Whether a touch changed what is to be read under the name, and not only its attributes. */
export function isPutting({ kinds }: Touch): boolean {
  return kinds.some((kind) => kind !== "attributes");
}
