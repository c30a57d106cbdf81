import { randomInt } from "node:crypto";

import { Fingerprints } from "../../core/fingerprints.ts";
import { addToIndex, indexTree, type Segment, type Tree, withSegments } from "../../core/packed-tree.ts";
import { runsOf, storeRun } from "../../core/stored-segments.ts";
import { TreeDelta } from "../../core/tree-delta.ts";
import { quickPacking } from "./quick-packing.ts";

/** Takes what a walk gives, piece by piece. */
export interface Gathering {
  take(segment: Segment): void;
  /** @param roots is no part of what was walked */
  finish(roots: Segment): Tree;
}

/** All of it, as it came. */
export function gatherWhole(): Gathering {
  const segments: Segment[] = [];
  return {
    take: (segment) => void segments.push(segment),
    finish: (roots) => indexTree([roots, ...segments]),
  };
}

/** All of it, packed: whether a directory is as it was is told without its words. */
export function gatherPacked(): Gathering {
  const fingerprints = new Fingerprints({ high: randomInt(2 ** 32), low: randomInt(2 ** 32) });
  const segments: Segment[] = [];
  const index = new Map<string, number>();
  const take = (segment: Segment): void => {
    for (const run of runsOf(segment)) {
      addToIndex(index, [run], segments.length);
      fingerprints.add(run, segments.length);
      segments.push(storeRun(run, quickPacking));
    }
    release(segment);
  };
  return {
    take,
    finish(roots) {
      take(roots);
      return { segments, index, isSame: (place, words, at) => fingerprints.isSame(place, words, at) };
    },
  };
}

/** With an earlier reading: no more than what differs from that. */
export function gatherDelta(baseline: Tree): Gathering {
  const delta = new TreeDelta(baseline);
  return {
    take(segment) {
      if (!delta.add(segment)) release(segment);
    },
    finish(roots) {
      delta.add(roots);
      return withSegments(baseline, delta.finish());
    },
  };
}

/** The collector of garbage would come for it much later: it sees how small the objects are, and not what they hold. */
function release({ words }: Segment): void {
  (words.buffer as ArrayBuffer).transfer(0);
}
