import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { marks } from "../../foundation/sometimes.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { type Line, renderLines } from "../../reports/text/line.ts";
import { listenForInterruption } from "../interruption.ts";
import { checkDirectory } from "../make-directories.ts";
import { campaignJson } from "../simulating/campaign-json.ts";
import { headingLines } from "../simulating/campaign-text.ts";
import type { Campaign } from "../simulating/campaign.ts";
import { planLines } from "../simulating/describe-plan.ts";
import { LiveLine } from "../simulating/live-line.ts";
import { runCampaign } from "../simulating/run-campaign.ts";
import { oneSeed, type SeedSource, seedsFrom } from "../simulating/seed-source.ts";
import { SimulationPool } from "../simulating/simulation-pool.ts";
import { summarizeCoverage } from "../simulator/coverage.ts";
import type { ProfileName } from "../simulator/plan/plan-request.ts";
import { planFor, profileNames } from "../simulator/plan/profiles.ts";

export interface SimulateFlags {
  readonly seed?: string;
  readonly seeds?: number;
  readonly profile: string;
  readonly agents?: number;
  readonly minutes?: number;
  readonly jobs?: number;
  readonly untilFailure?: boolean;
  readonly determinism?: boolean;
  readonly shrink: boolean;
  readonly out: string;
  readonly coverage?: boolean;
  readonly json?: boolean;
}

const seedsDefault = 100;
const workersDefaultMax = 4;

/** `scenarios simulate`: exit 0 when no seed fails, 1 when one does, 130 when it was interrupted. */
export async function simulateCommand(flags: SimulateFlags): Promise<number> {
  const campaign = campaignOf(flags);
  const json = flags.json === true;
  const output = streamOutput(process.stdout);
  const tell = (lines: readonly Line[]) => {
    // No line is cut: a story is there to be read to its end, and a command to be copied.
    if (!json) output.write(renderLines(lines, { columns: Number.POSITIVE_INFINITY, color: output.color }));
  };
  const interruption = listenForInterruption({ deadlineMs: null, undoes: false });
  tell(headingLines(campaign, output.columns));
  if (campaign.source.count === 1) {
    tell(planLines(planFor({ ...campaign.wishes, seed: campaign.source.at(0) }), output.columns));
  }
  const pool = new SimulationPool({ workers: campaign.workers, twice: campaign.determinism });
  try {
    const end = await runCampaign(campaign, {
      ...{ pool, planFor, summarizeCoverage, marks, tell },
      live: new LiveLine(json ? streamOutput(process.stderr) : output),
      columns: output.columns,
      signal: interruption.signal,
      now: () => performance.now(),
    });
    if (json) output.write(`${JSON.stringify(campaignJson(campaign, end), undefined, 2)}\n`);
    return end.exitCode;
  } finally {
    interruption.close();
    await pool.close();
  }
}

/** @throws UsageError `unknown-profile`, `seeds-and-until-failure` or `no-out` */
function campaignOf(flags: SimulateFlags): Campaign {
  const { agents, minutes } = flags;
  const source = sourceOf(flags);
  const determinism = flags.determinism === true;
  const wishes = {
    profile: profileNamed(flags.profile),
    ...(agents === undefined ? {} : { agents }),
    ...(minutes === undefined ? {} : { minutes }),
  };
  checkFolder(flags.out);
  return {
    source,
    wishes,
    // No more than there are runs.
    workers: Math.min(
      flags.jobs ?? Math.min(workersDefaultMax, availableParallelism()),
      source.count * (determinism ? 2 : 1),
    ),
    untilFailure: flags.untilFailure === true,
    determinism,
    shrink: flags.shrink,
    everyCell: flags.coverage === true,
    plans: flags.out,
  };
}

function sourceOf({ seed, seeds, untilFailure }: SimulateFlags): SeedSource {
  if (untilFailure === true && seeds !== undefined) {
    throw new UsageError("`--seeds` says how many seeds to run, and `--until-failure` runs them until one fails.", {
      code: "seeds-and-until-failure",
      next: "Leave one of the two out.",
    });
  }
  if (untilFailure === true) return seedsFrom(seed ?? randomBase(), Number.POSITIVE_INFINITY);
  if (seed !== undefined && seeds === undefined) return oneSeed(seed);
  return seedsFrom(seed ?? randomBase(), seeds ?? seedsDefault);
}

function randomBase(): string {
  return randomBytes(4).toString("hex");
}

function profileNamed(name: string): ProfileName {
  const profile = profileNames.find((one) => one === name);
  if (profile !== undefined) return profile;
  const meant = nearest(name.toLowerCase(), profileNames);
  throw new UsageError(`There is no profile "${name}".`, {
    code: "unknown-profile",
    next: meant === undefined ? `Name one of ${profileNames.join(", ")}.` : `Did you mean \`--profile ${meant}\`?`,
  });
}

/** Looks whether plans can be written there before hours are spent on finding one. */
function checkFolder(folder: string): void {
  try {
    checkDirectory(resolve(folder));
  } catch (error) {
    throw new UsageError(`Plans cannot be written to ${folder}: ${messageOf(error)}.`, {
      code: "no-out",
      next: "Name a folder that you may write to with --out DIR.",
      cause: error,
    });
  }
}
