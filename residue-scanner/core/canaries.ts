import type { Canary, RecorderStatus } from "../../protocol/residue-report.ts";
import { isOfRun } from "./combined-roles.ts";
import type { AttributionContext } from "./attribution-context.ts";
import type { Difference } from "./difference.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";

interface Judged {
  readonly difference: Difference;
  readonly attribution: Attribution;
}

/** Takes the scanner's own plants out of what was found, and says whether each was found and taken for whose it is. */
export function takeCanaries<J extends Judged>(
  judged: readonly J[],
  planted: NonNullable<AttributionContext["canaries"]>,
  recorder: readonly RecorderStatus[],
): { readonly rest: J[]; readonly canaries: Canary[] } {
  const paths = new Set(planted.map(({ path }) => path));
  const isPlant = ({ difference }: J) => difference.surface === "files" && paths.has(difference.key);
  const found = new Map(judged.filter(isPlant).map((each) => [each.difference.key, each.attribution.to]));
  // Without file events nobody can say whose it is: then it is proved only that it is seen.
  const isTold = recorder.some(
    ({ source, status }) => source === "files" && (status === "done" || status === "partial"),
  );
  const canaries = planted.map(({ side, path }): Canary => {
    const to = found.get(path) ?? null;
    const isRight = to !== null && (!isTold || (side === "job" ? isOfRun(to) : to === "background"));
    return { side, path: showPath(path), found: to !== null, to, isRight };
  });
  return { rest: judged.filter((each) => !isPlant(each)), canaries };
}
