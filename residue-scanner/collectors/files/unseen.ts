import { getSystemErrorName } from "node:util";

import type { SegmentsSurvey } from "../../core/packed-tree.ts";
import { showPath } from "../../core/path-text.ts";
import type { MountPlan } from "./mounts.ts";

const examplesMax = 3;

/** What the walk did not see, in words; empty when it saw all. */
export function unseen(
  { refused }: Pick<SegmentsSurvey, "refused">,
  plan: Pick<MountPlan, "notRead">,
  scope: readonly string[] | null,
): string {
  const parts: string[] = [];
  if (scope !== null) parts.push(`only what was asked for is read: ${listed(scope.map(showPath))}`);
  if (refused.size > 0) {
    const reasons = new Set([...refused.values()].map((errno) => getSystemErrorName(-errno)));
    const paths = [...refused.keys()].map(showPath).sort();
    parts.push(`${refused.size} directories cannot be listed (${[...reasons].join(", ")}): ${listed(paths)}`);
  }
  if (plan.notRead.length > 0) {
    const mounts = plan.notRead.map(({ point, type }) => `${showPath(point)} (${type})`);
    parts.push(`remote or user-space file systems are not read: ${listed(mounts)}`);
  }
  return parts.join("; ");
}

function listed(names: readonly string[]): string {
  const more = names.length - examplesMax;
  return names.slice(0, examplesMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
