import { isPlain } from "./harness-files.ts";
import { isRecorded, type NoiseRule, ownersOf } from "./noise-rule.ts";
import { leadsTo } from "./path-scope.ts";

/** What the harness and the scanner bring themselves. */
export const harnessNoise: readonly NoiseRule[] = [
  {
    id: "harness-keeps",
    reason:
      "The run directory (history, logs, verdict) and the watcher's own output are kept on purpose until you remove them.",
    matches: ({ difference, attribution, context }) =>
      difference.surface === "files" &&
      difference.change !== "vanished" &&
      ((attribution.to === "harness" &&
        // That the harness wrote it does not say that it means to keep it.
        (!isRecorded(attribution) || attribution.evidence.some(({ kind }) => kind === "path" || kind === "holder")) &&
        (context.harnessFiles === undefined || isPlain(difference, context.harnessPaths))) ||
        (difference.change === "appeared" && leadsTo(difference.key, context.harnessPaths))),
  },
  {
    id: "harness-process",
    reason: "Held by the harness's own process, which ends with this run; the kernel closes it then.",
    matches: ({ difference, isScanner }) =>
      difference.surface === "sockets" && ownersOf(difference).length > 0 && ownersOf(difference).every(isScanner),
  },
  {
    id: "reads-the-report",
    reason:
      "Started together with the scanner, by the same process in the same session, and reads through a pipe what it prints; it ends with that.",
    matches: ({ difference, attribution, isReader }) =>
      difference.surface === "processes" &&
      difference.change === "appeared" &&
      attribution.to === "unknown" &&
      difference.after !== null &&
      isReader(difference.after.pid),
  },
  {
    id: "run-cgroup",
    reason:
      "The cgroup that the watcher made for this run, empty or with what is reported in it; the watcher removes it next.",
    matches: ({ difference, cgroupPrefixes }) =>
      difference.surface === "cgroups" && difference.change === "appeared" && cgroupPrefixes.includes(difference.key),
  },
];
