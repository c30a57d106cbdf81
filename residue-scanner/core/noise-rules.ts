import { endingNoise } from "./ending-noise.ts";
import { fileNoise } from "./file-noise.ts";
import { harnessNoise } from "./harness-noise.ts";
import { changedOnly, grownBy, isRecorded, type NoiseCase, type NoiseRule } from "./noise-rule.ts";
import { isNamedByAny, isOfOtherRun, isOtherHarness } from "./other-runs.ts";
import { isOthersGroup, othersNoise } from "./others-noise.ts";
import { toldWith } from "./told-with.ts";
import { isOwnDoing, isSeenInFull } from "./setting-paths.ts";

export const foreignProcess: NoiseRule = {
  id: "foreign-process",
  reason: "Evidence shows that somebody else's process did it; see the examples for whose.",
  matches: ({ difference, attribution }) =>
    attribution.to === "background" &&
    (difference.change !== "changed" ||
      (isRecorded(attribution) && (difference.surface !== "processes" || isTold(difference.changed))) ||
      difference.surface === "sockets" ||
      // Whoever holds a log open only to append to it need not be the one who emptied it.
      (grownBy(difference) >= 0 && changedOnly(difference, ["mtime", "ctime", "size"]))),
};

/** Of all that can be set of a process, who did is asked for of some alone, whoever it is. */
function isTold(changed: readonly string[]): boolean {
  return changed.every((name) => isOwnDoing(name) || isSeenInFull({ changed: [name] }));
}

/** What a shell, or a program like nice(1), prlimit(1) or taskset(1), sets of itself before it runs another. */
const setBeforeStart: ReadonlySet<string> = new Set([
  ...["nice", "scheduling", "ioPriority", "affinity", "limits"],
  ...["oomScoreAdjust", "timerSlackNs", "coreDumpFilter", "autogroupNice"],
]);

/**
 * A process that was read while it was launched: it has entered its run's cgroup, and runs its program, since. Nobody
 * need have watched a harness for that: it says who it is, and what else was set of it was set on its way there.
 */
function isLaunchOf({ difference, attribution, context }: NoiseCase): boolean {
  if (difference.surface !== "processes" || difference.change !== "changed") return false;
  const { after, changed } = difference;
  const isInPlace = typeof after?.cgroup === "string" && isNamedByAny(after.cgroup, context.otherRuns ?? []);
  const others = changed.filter((name) => name !== "cgroup" || !isInPlace);
  const isItsHarness = isOtherHarness(attribution) && changed.includes("executable");
  if (isItsHarness) return others.every((name) => isOwnDoing(name) || setBeforeStart.has(name));
  return isRecorded(attribution) && isTold(others);
}

const otherRun: NoiseRule = {
  id: "other-run",
  reason: "Evidence shows that another run of scenarios did it, which went on at the same time; the examples name it.",
  matches: (one) =>
    isOfOtherRun(one.attribution) && (foreignProcess.matches(one) || isLaunchOf(one) || isOthersGroup(one)),
};

/**
 * Everything that is excused, tried from the top. Rules look at what changed and at evidence, never at a list of paths
 * for convenience: ignore lists lose more truth than noise.
 */
export const noiseRules: readonly NoiseRule[] = [
  ...harnessNoise,
  ...fileNoise,
  ...othersNoise,
  ...endingNoise,
  ...toldWith,
  otherRun,
  foreignProcess,
];
