import type { Act } from "./recording.ts";

/** What is compared of a mount, and where it is. */
export interface MountState {
  readonly id: number;
  readonly point: string;
  /** `254:0`: the same wherever the same file system is mounted. */
  readonly device: string;
  /** What is mounted there, whatever is set of it. */
  readonly what: string;
  /** Of this mount alone: `rw,nosuid`. */
  readonly options: string;
  /** Of the file system, wherever it is mounted. */
  readonly superOptions: string;
  /** `shared`; empty for private. */
  readonly propagation: string;
}

/** What became of it; one that was moved went, and came elsewhere. */
type Change = "came" | "went" | "options" | "superOptions" | "propagation";

/** By mount point, several where several are upon each other. */
export type ChangedPoints = ReadonlyMap<string, ReadonlySet<Change>>;

const anything: readonly Change[] = ["came", "went", "options", "superOptions", "propagation"];
/** Of calls other than mount(2), which does what its flags say. A slave that loses its master is none any more. */
const changesOf: Readonly<Record<string, readonly Change[]>> = {
  umount2: ["went", "propagation"],
  move_mount: ["came", "went", "propagation"],
  mount_setattr: ["options", "propagation"],
  open_tree_attr: ["options", "propagation"],
  pivot_root: anything,
  fsconfig: ["options", "superOptions"],
};
/** linux/mount.h: what the kernel looks for, in its order, once the magic number of old programs is taken off. */
const magicMask = 0xffff_0000;
const magicNumber = 0xc0ed_0000;
const [remount, bind, move] = [0x20, 0x1000, 0x2000];
const ofPropagation = 0x2_0000 | 0x4_0000 | 0x8_0000 | 0x10_0000;

/** Whether an act can have changed the host's table of mounts. */
export function changesMounts({ call, returned, apart = [] }: Act): boolean {
  const isOfMounts = call === "mount" || Object.hasOwn(changesOf, call);
  return isOfMounts && (returned === null || returned >= 0) && !apart.includes("mnt");
}

/** Mount points at which something came, went or was changed. */
export function changedPoints(before: readonly MountState[], after: readonly MountState[]): ChangedPoints {
  const known = new Map(before.map((mount) => [mount.id, mount]));
  const points = new Map<string, Set<Change>>();
  const note = ({ point }: MountState, change: Change): void => {
    points.set(point, (points.get(point) ?? new Set()).add(change));
  };
  const setElsewhere: MountState[] = [];
  const cameAgain = new Set<string>();
  for (const mount of after) {
    const old = known.get(mount.id);
    known.delete(mount.id);
    // Moved, or another with an id that was free again.
    if (old?.point !== mount.point || old.what !== mount.what) {
      note(mount, "came");
      cameAgain.add(mount.device);
      if (old !== undefined) note(old, "went");
    } else {
      for (const each of ["options", "superOptions", "propagation"] as const)
        if (old[each] !== mount[each]) note(mount, each);
      if (old.superOptions !== mount.superOptions) setElsewhere.push(mount);
    }
  }
  // Of what there is once only (cgroup2, debugfs) whoever mounts it once more sets the options everywhere.
  for (const mount of setElsewhere) if (cameAgain.has(mount.device)) note(mount, "came");
  for (const mount of known.values()) note(mount, "went");
  return points;
}

/**
 * Gives each act between two readings of the table of mounts what changed in the meantime and it alone can have done. The
 * kernel tells an act's mount point by its address only, and where two may have done it, neither is given it. Some
 * changes come without any such act: who writes below /sys/fs sets options of a file system, at all its mount points.
 */
export function withTargets(acts: readonly Act[], points: ChangedPoints): Act[] {
  const may = acts.filter(changesMounts).map((act) => ({ act, changes: changesBy(act) }));
  const targets = new Map<Act, string[]>();
  for (const [point, changes] of points) {
    const [only, ...others] = may.filter((each) => each.changes.some((change) => changes.has(change)));
    if (only !== undefined && others.length === 0) targets.set(only.act, [...(targets.get(only.act) ?? []), point]);
  }
  return acts.map((act) => {
    const told = targets.get(act);
    return told === undefined ? act : { ...act, parameters: { ...act.parameters, targets: told.join("\0") } };
  });
}

function changesBy({ call, parameters }: Act): readonly Change[] {
  if (call !== "mount") return changesOf[call] ?? [];
  if (parameters["flags"] === undefined) return anything;
  const given = Number(BigInt.asUintN(32, BigInt(parameters["flags"])));
  const flags = (given & magicMask) >>> 0 === magicNumber ? given & ~magicMask : given;
  if ((flags & remount) !== 0) return (flags & bind) === 0 ? ["options", "superOptions"] : ["options"];
  if ((flags & bind) !== 0) return ["came"];
  if ((flags & ofPropagation) !== 0) return ["propagation"];
  return (flags & move) === 0 ? ["came"] : ["came", "went", "propagation"];
}
