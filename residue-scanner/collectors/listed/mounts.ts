import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { type Mount, readMounts } from "../files/mounts.ts";

/** Every mount of the scanner's own mount namespace; several at one place are told apart by their order. */
export function collectMounts(path = "/proc/self/mountinfo"): ListedReading {
  const facts = mountFacts(readMounts(path));
  return { facts, unseen: facts.length === 0 ? [`${path} names no mount`] : [] };
}

/** @param mounts of one mount namespace */
export function mountFacts(mounts: readonly Mount[]): ListedFact[] {
  const seen = new Map<string, number>();
  return mounts.map(({ point, root, type, source, options, superOptions, propagation, device }): ListedFact => {
    const depth = (seen.get(point) ?? 0) + 1;
    seen.set(point, depth);
    return {
      key: depth === 1 ? point : `${point} (${depth})`,
      subject: `mount of ${type === source ? type : `${source} (${type})`} on ${point}`,
      location: point,
      device,
      uid: null,
      attributes: { type, source, root, options, superOptions, propagation },
      show: `findmnt ${shellPath(point)}`,
    };
  });
}
