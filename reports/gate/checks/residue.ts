import type { Finding, ResidueReport } from "../../../protocol/residue-report.ts";
import { failed, type RunCheck, touchedHost, unknown } from "../run-check.ts";

/** That nothing was left: no finding, whatever the run's own policy took as a pass or waived. */
export const residueCheck: RunCheck = {
  check: "residue",
  subject: "nothing was left on the host",
  concerns: touchedHost,
  judge({ verdict: { run, residue } }, { waivers }) {
    if (residue === null) return [unknown("the host was not read again after the run")];
    return [
      ...allFindings(residue).flatMap((finding) => {
        if (waivers.coversFinding(run, finding)) return [];
        return [failed(`${wordsFor(finding)}${waivers.expiredFor(run, finding.id)}`)];
      }),
      ...(residue.canaries ?? []).flatMap(({ isRight, path }) =>
        isRight ? [] : [unknown(`the scanner did not know its own canary ${path} for what it was`)],
      ),
    ];
  },
};

/** Those too that the run's own policy file waived: for a release, its gate's waivers alone count. */
export function allFindings({ findings, waivers = [] }: ResidueReport): Finding[] {
  return [...findings, ...waivers.flatMap(({ findings }) => findings)];
}

function wordsFor({ id, subject, change, attribution }: Finding): string {
  const whose = { ...whoseWords }[attribution.to];
  return `${subject} ${change} (${whose}; ${id})`;
}

const whoseWords: Record<Finding["attribution"]["to"], string> = {
  agent: "the agent's",
  job: "a job's",
  shared: "the run's and others'",
  harness: "the harness's",
  background: "somebody else's",
  unknown: "nobody knows whose",
};
