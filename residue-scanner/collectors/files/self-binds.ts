import { isBelow } from "../../core/path-scope.ts";

/** Of a mount, what says which directory it shows where. */
interface PlacedMount {
  readonly id: number;
  readonly parentId: number;
  readonly device: string;
  readonly root: string;
  readonly point: string;
}

/**
 * Leaves out mounts that show at their point just what is there without them: a directory that is bound onto itself, as
 * container engines do with their own to have it marked private. What stands on such a one stands on the mount below it.
 */
export function withoutSelfBinds<M extends PlacedMount>(mounts: readonly M[]): M[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const parents = new Map<number, number>();
  for (const mount of mounts) {
    const parent = byId.get(mount.parentId);
    if (parent !== undefined && isSelfBind(mount, parent, mounts)) parents.set(mount.id, parent.id);
  }
  const standing = (id: number): number => {
    const below = parents.get(id);
    return below === undefined ? id : standing(below);
  };
  return mounts.filter(({ id }) => !parents.has(id)).map((mount) => ({ ...mount, parentId: standing(mount.parentId) }));
}

/** Unless it hides what is mounted below the same directory: that is seen without it only. */
function isSelfBind(mount: PlacedMount, parent: PlacedMount, mounts: readonly PlacedMount[]): boolean {
  const { device, root, point, parentId, id } = mount;
  if (parent.device !== device || parent.point === point || !isBelow(point, parent.point)) return false;
  const inside = parent.point === "/" ? point : point.slice(parent.point.length);
  const same = parent.root === "/" ? inside : `${parent.root}${inside}`;
  const hides = mounts.some((other) => other.parentId === parentId && other.id !== id && isBelow(other.point, point));
  return root === same && !hides;
}
