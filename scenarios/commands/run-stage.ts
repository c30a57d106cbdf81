import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { stageNames } from "../../protocol/stage-names.ts";
import type { RunStage } from "../steps/scenario.ts";

/** What was asked for that only one of the stages has. */
interface StageFlags {
  readonly store?: unknown;
  readonly policy?: unknown;
  readonly keep?: boolean;
  readonly agent?: string;
  readonly workers?: number;
}

/**
 * Where to run: this machine unless something else is said.
 *
 * @param flags what else was asked for; what only the other stage has is refused
 * @throws UsageError `unknown-stage`, `not-linux`, `not-on-sim` or `one-at-a-time`
 */
export function stageNamed(name = "host", flags: StageFlags): RunStage {
  const stage = stageNames.find((one) => one === name);
  if (stage === undefined) {
    const meant = nearest(name.toLowerCase(), stageNames);
    throw new UsageError(`There is no stage "${name}".`, {
      code: "unknown-stage",
      next: meant === undefined ? `Name one of ${stageNames.join(", ")}.` : `Did you mean \`--stage ${meant}\`?`,
    });
  }
  if (stage === "sim") checkOnSim(flags);
  else checkPlatform(stage);
  if (stage === "netns" && (flags.workers ?? 1) > 1) {
    throw new UsageError("On the stage netns one run goes on at a time.", {
      code: "one-at-a-time",
      next: "Leave --workers out, or run --shard K/N on several machines.",
    });
  }
  return stage;
}

/**
 * How many run at once. In networks of their own runs also have mounts of their own at the same places, and each would be
 * blamed for those of another: there it is one, whatever a configuration for all stages says.
 */
export function workersOn(stage: RunStage, wanted: number | undefined, runs: number): number {
  return stage === "netns" ? 1 : Math.min(wanted ?? 1, Math.max(1, runs));
}

function checkPlatform(stage: RunStage): void {
  if (process.platform === "linux") return;
  throw new UsageError(`The stage ${stage} drives cgroups and /proc, and this is ${process.platform}.`, {
    code: "not-linux",
    next: "Run it on Linux, or with --stage sim.",
  });
}

function checkOnSim({ store, policy, agent, keep = false }: StageFlags): void {
  const given = { "--store": store, "--policy": policy, "--agent": agent, "--keep": keep ? true : undefined };
  const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw new UsageError(`${flag} has no meaning with --stage sim, which models stores and homes and touches no host.`, {
    code: "not-on-sim",
    next: "Leave out one of the two.",
  });
}
