import { readFileSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { isBelow } from "../../core/path-scope.ts";
import { withoutSelfBinds } from "./self-binds.ts";

export interface Mount {
  readonly id: number;
  readonly parentId: number;
  /** `254:0` */
  readonly device: string;
  /** The directory of the file system that is mounted, and where; one character a byte. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  /** What is mounted: a device, or a word of the file system's own. */
  readonly source: string;
  /** Of this mount, and of the file system as a whole. */
  readonly options: string;
  readonly superOptions: string;
  /** `shared`, `slave`, `unbindable`, without the numbers of peer groups; empty for private. */
  readonly propagation: string;
}

/** What of the file system to walk, and what is left out. */
export interface MountPlan {
  readonly roots: readonly string[];
  /** Every mount point: the walk never crosses one by itself. */
  readonly mountPoints: ReadonlySet<string>;
  /** Mounts whose files are not read although they can hold residue. */
  readonly notRead: readonly { readonly point: string; readonly type: string }[];
  /** Directories that a mount covers, each with the mount point of the file system that it is in. */
  readonly covered: readonly CoveredDirectory[];
}

export interface CoveredDirectory {
  readonly path: string;
  readonly mountPoint: string;
}

/** Views of the kernel's state and of other collectors' surfaces, not storage. */
export const kernelTypes = new Set(
  (
    "autofs binder binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl nsfs proc pstore " +
    "rpc_pipefs securityfs selinuxfs smackfs sysfs tracefs nfsd"
  ).split(" "),
);
/**
 * Views that a program makes of the kernel's state or of files that are read where they really lie: nothing can be
 * kept in them, so that leaving them out loses no evidence and makes no reading `partial`. Below /proc and /sys every
 * type of this kind is one; what lies in memory or on a disk there is read.
 */
const viewTypes = new Set(["fuse.lxcfs", "fuse.portal", "fuse.gvfsd-fuse"]);
const viewPlaces = ["/proc", "/sys"];
/** Images that nothing can be written to. */
export const readOnlyTypes = new Set(["squashfs", "erofs", "iso9660", "cramfs", "romfs"]);
/** Somebody else's storage: slow, changed by other hosts, or able to hang. Named in the report. */
const remoteTypes = new Set(
  "nfs nfs4 cifs smb3 smbfs ncpfs 9p afs ceph glusterfs lustre coda ocfs2 gfs2 beegfs orangefs virtiofs".split(" "),
);

/** What the kernel says of a table that this host does not have, or whose process has ended: until it is collected, EINVAL. */
const absentCodes = new Set(["ENOENT", "ESRCH", "EINVAL"]);

/** @returns an empty list where the host has no mount table of this kind, or nobody who has it */
export function readMounts(path = "/proc/self/mountinfo"): Mount[] {
  let table: Buffer;
  try {
    table = readFileSync(path);
  } catch (error) {
    if (absentCodes.has(systemCode(error) ?? "")) return [];
    throw error;
  }
  return parseMounts(table);
}

/** @param table as /proc/PID/mountinfo has it */
export function parseMounts(table: Uint8Array): Mount[] {
  return Buffer.from(table.buffer, table.byteOffset, table.byteLength)
    .toString("latin1")
    .split("\n")
    .filter(Boolean)
    .map(parseMount);
}

/** proc_pid_mountinfo(5): optional fields end with a single dash. */
function parseMount(line: string): Mount {
  const fields = line.split(" ");
  const [id, parentId, device, root, point, options] = fields as [string, string, string, string, string, string];
  const dash = fields.indexOf("-", 6);
  const [type = "", source = "", superOptions = ""] = fields.slice(dash + 1);
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    root: unescapeOctal(root),
    point: unescapeOctal(point),
    type,
    source: unescapeOctal(source),
    options,
    superOptions,
    propagation: fields
      .slice(6, dash)
      .map((field) => field.replace(/:.*$/, ""))
      .join(" "),
  };
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** @param scope directories to read instead of the whole host (one character a byte) */
export function planMounts(table: readonly Mount[], scope: readonly string[] | null): MountPlan {
  const mounts = withoutSelfBinds(table);
  const visible = mounts.filter((mount) => isVisible(mount, mounts));
  const mountPoints = new Set(visible.map(({ point }) => point));
  const wanted = scope === null ? visible : visible.filter(({ point }) => scope.some((root) => isBelow(point, root)));
  const notRead = wanted
    .filter((mount) => isRemote(mount.type) && !isView(mount))
    .map(({ point, type }) => ({ point, type }));
  const readable = withoutRepeats(wanted.filter(isReadable));
  const roots = new Set(scope ?? []);
  for (const mount of readable) roots.add(mount.point);
  if (roots.size === 0) roots.add("/");
  const outermost = [...roots].filter((root) => !isReadFromAbove(root, { roots, mountPoints }));
  return { roots: outermost, mountPoints, notRead, covered: coveredIn(mounts, { visible, readable, scope }) };
}

/** Whether the walk from another root comes to this one by itself; each directory is read once. */
function isReadFromAbove(
  root: string,
  { roots, mountPoints }: { roots: ReadonlySet<string>; mountPoints: ReadonlySet<string> },
): boolean {
  for (let at = root; at !== "/"; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    if (at !== root && roots.has(at)) return true;
    if (mountPoints.has(at)) return false;
  }
  return root !== "/" && roots.has("/");
}

/**
 * What lies under a mount is read with the file system that it is in. Of mounts that cover each other at one place only
 * the uppermost can be reached.
 */
function coveredIn(
  mounts: readonly Mount[],
  options: { visible: readonly Mount[]; readable: readonly Mount[]; scope: readonly string[] | null },
): CoveredDirectory[] {
  const { visible, readable, scope } = options;
  const under = new Map((scope === null ? readable : visible.filter(isReadable)).map((mount) => [mount.id, mount]));
  const covered = new Map<string, CoveredDirectory>();
  for (const { parentId, point } of mounts) {
    const mountPoint = under.get(parentId)?.point;
    if (mountPoint === undefined || mountPoint === point) continue;
    if (scope === null || scope.some((root) => isBelow(point, root))) covered.set(point, { path: point, mountPoint });
  }
  // What lies in a covered directory is read with it.
  return [...covered.values()].filter(
    ({ path, mountPoint }) =>
      ![...covered.values()].some((other) => {
        return other.path !== path && other.mountPoint === mountPoint && isBelow(path, other.path);
      }),
  );
}

function isReadable({ type }: Mount): boolean {
  return !isRemote(type) && !kernelTypes.has(type) && !readOnlyTypes.has(type);
}

/** Later mounts at the same place, or above it, hide a mount, unless it stands on them. */
function isVisible(mount: Mount, mounts: readonly Mount[]): boolean {
  const below = ancestors(mount, mounts);
  const later = mounts.slice(mounts.indexOf(mount) + 1);
  return !later.some(({ id, point }) => isBelow(mount.point, point) && !below.has(id));
}

function ancestors(mount: Mount, mounts: readonly Mount[]): Set<number> {
  const found = new Set<number>();
  let parent = mounts.find(({ id }) => id === mount.parentId);
  while (parent !== undefined && !found.has(parent.id)) {
    found.add(parent.id);
    const next: number = parent.parentId;
    parent = mounts.find(({ id }) => id === next);
  }
  return found;
}

/** A bind mount of what is mounted elsewhere too shows the same files again: each directory is read once. */
function withoutRepeats(mounts: readonly Mount[]): Mount[] {
  const widestFirst = mounts.toSorted((one, other) => one.root.length - other.root.length);
  const kept: Mount[] = [];
  for (const mount of widestFirst) {
    if (!kept.some(({ device, root }) => device === mount.device && isBelow(mount.root, root))) kept.push(mount);
  }
  return kept;
}

function isView({ type, point }: Mount): boolean {
  return viewTypes.has(type) || viewPlaces.some((place) => isBelow(point, place));
}

export function isRemote(type: string): boolean {
  return remoteTypes.has(type) || type.startsWith("fuse");
}
