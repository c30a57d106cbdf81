import type { Campaign } from "./campaign.ts";
import type { CampaignEnd } from "./run-campaign.ts";

/** The whole campaign as one object, for `--json`. */
export function campaignJson(campaign: Campaign, { result, failures, exitCode }: CampaignEnd): Record<string, unknown> {
  const { source, wishes, workers, untilFailure, determinism, shrink } = campaign;
  const { tally, coverage, neverHit, tookMs, interrupted, unfinished } = result;
  return {
    seeds: {
      first: source.at(0),
      last: tally.seeds === 0 ? null : source.at(tally.seeds - 1),
      asked: Number.isFinite(source.count) ? source.count : null,
      run: tally.seeds,
      failed: tally.failed,
    },
    options: {
      profile: wishes.profile,
      agents: wishes.agents ?? null,
      minutes: wishes.minutes ?? null,
      workers,
      untilFailure,
      determinism,
      shrink,
    },
    failures: failures.map(({ failure, seed, count, ...explained }) => ({
      ...failure,
      seed,
      seeds: count,
      ...explained,
    })),
    coverage,
    marks: { neverHit, hits: Object.fromEntries([...tally.marks].sort(([one], [other]) => (one < other ? -1 : 1))) },
    jobs: { ...tally.jobs, completionRatio: tally.completion() },
    figures: { steps: tally.steps, events: tally.events, agentHours: tally.agentHours, tookMs: Math.round(tookMs) },
    digest: tally.digest(),
    interrupted,
    unfinished,
    exitCode,
  };
}
