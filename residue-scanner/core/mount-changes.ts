import type { Act } from "./recording.ts";

/** What is compared of a mount, and where it is. */
export interface MountState {
  readonly id: number;
  readonly point: string;
  /** Everything else about it. */
  readonly state: string;
}

const mountCalls = new Set("mount umount2 move_mount mount_setattr open_tree_attr pivot_root fsconfig".split(" "));

/** Whether an act can have changed the host's table of mounts. */
export function changesMounts({ call, returned, apart = [] }: Act): boolean {
  return mountCalls.has(call) && (returned === null || returned >= 0) && !apart.includes("mnt");
}

/** Mount points at which something came, went or was changed. */
export function changedPoints(before: readonly MountState[], after: readonly MountState[]): string[] {
  const known = new Map(before.map((mount) => [mount.id, mount]));
  const points = new Set<string>();
  for (const mount of after) {
    const old = known.get(mount.id);
    known.delete(mount.id);
    if (old?.point === mount.point && old.state === mount.state) continue;
    points.add(mount.point);
    // Moved, or another with an id that was free again.
    if (old !== undefined) points.add(old.point);
  }
  for (const mount of known.values()) points.add(mount.point);
  return [...points];
}

/**
 * Gives the only act between two readings of the table of mounts what changed in the meantime. The kernel tells an
 * act's mount point by its address only, and where two may have done it, neither is given it.
 */
export function withTargets(acts: readonly Act[], points: readonly string[]): Act[] {
  const may = acts.filter(changesMounts);
  if (may.length !== 1 || points.length === 0) return [...acts];
  const targets = points.join("\0");
  return acts.map((act) => (act === may[0] ? { ...act, parameters: { ...act.parameters, targets } } : act));
}
