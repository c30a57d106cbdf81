import {
  indexTree,
  type Segment,
  type SegmentsSurvey,
  surveySegments,
  type Tree,
  withSegments,
} from "../../core/packed-tree.ts";
import { TreeDelta } from "../../core/tree-delta.ts";

/** What a walk gives, piece by piece; with an earlier reading no more of it is held than what differs from that. */
export class GatheredFiles {
  survey: SegmentsSurvey = surveySegments([]);
  readonly #baseline: Tree | null;
  readonly #delta: TreeDelta | null;
  readonly #segments: Segment[] = [];

  constructor(baseline: Tree | null) {
    this.#baseline = baseline;
    this.#delta = baseline === null ? null : new TreeDelta(baseline);
  }

  take(segment: Segment): void {
    this.survey = surveySegments([segment], this.survey);
    if (this.#delta === null) this.#segments.push(segment);
    // The collector of garbage would come for it much later: it sees how small the objects are, and not what they hold.
    else if (!this.#delta.add(segment)) (segment.words.buffer as ArrayBuffer).transfer(0);
  }

  /** @param roots is no part of what was walked */
  finish(roots: Segment): Tree {
    if (this.#delta === null || this.#baseline === null) return indexTree([roots, ...this.#segments]);
    this.#delta.add(roots);
    return withSegments(this.#baseline, this.#delta.finish());
  }
}
