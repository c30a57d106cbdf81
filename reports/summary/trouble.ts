import type { AttributionTarget, Finding } from "../../protocol/residue-report.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { counted } from "../text/duration.ts";

/**
 * What is wrong with a run, one sentence each, what decided its ending first. Empty for a run that passed.
 */
export function troubles(verdict: RunVerdict): string[] {
  return [...endedEarly(verdict), ...broken(verdict), ...findings(verdict), ...notUndone(verdict), ...doubts(verdict)];
}

/** The first trouble, and how many more there are. */
export function firstTrouble(verdict: RunVerdict): string | undefined {
  const [first, ...rest] = troubles(verdict);
  if (first === undefined)
    return verdict.exitCode === 0 ? undefined : `The run ended with exit code ${verdict.exitCode}.`;
  return rest.length === 0 ? first : `${first} (and ${rest.length} more)`;
}

/** A finding as a sentence: what, whose, and why we think so. */
export function findingSentence(finding: Finding): string {
  const evidence = finding.attribution.evidence[0];
  const because = evidence === undefined ? "" : ` (${evidence.kind}: ${evidence.detail})`;
  const whose = whoseWords[finding.attribution.to];
  return `${changeWords[finding.change]} ${whose}: ${finding.subject}${because}.`;
}

export const whoseWords: Record<AttributionTarget, string> = {
  agent: "by the agent",
  job: "by a job",
  shared: "by the run and by others",
  harness: "by the harness itself",
  background: "by something else on this host",
  unknown: "by nobody we can name",
};

const changeWords: Record<Finding["change"], string> = {
  appeared: "Left behind",
  vanished: "Taken away",
  changed: "Changed",
};

function endedEarly({ error, interrupted }: RunVerdict): string[] {
  if (error !== null) return [sentence(error)];
  return interrupted ? ["The run was interrupted before its end."] : [];
}

function broken({ expectations, lifecycle }: RunVerdict): string[] {
  const failed = expectations.filter(({ result }) => result === "fail");
  if (failed.length > 0)
    return failed.map(({ title, detail }) => sentence(detail === "" ? title : `${title}: ${detail}`));
  return lifecycle === "fail" ? ["Agent, broker or jobs did not behave."] : [];
}

function findings({ residue }: RunVerdict): string[] {
  if (residue === null) return [];
  if (residue.findings.length > 0) return residue.findings.map(findingSentence);
  return residue.verdict === "residue" ? [sentence(residue.summary)] : [];
}

function notUndone({ cleanUp }: RunVerdict): string[] {
  if (cleanUp.result === "pass") return [];
  if (cleanUp.notUndone.length === 0) return ["The harness could not undo all that it did."];
  return cleanUp.notUndone.map(({ what, why }) => sentence(`The harness could not undo ${what}: ${why}`));
}

function doubts({ expectations, residue, stage, lifecycle, exitCode, interrupted, error }: RunVerdict): string[] {
  // What ended the run early is why the rest is undecided; saying so of each would bury it.
  if (exitCode === 0 || error !== null) return [];
  const said: string[] = [];
  for (const { title, detail, result } of expectations) {
    if (result === "unknown") said.push(sentence(`Nobody can say whether “${title}” holds: ${detail}`));
  }
  if (said.length === 0 && lifecycle === "unknown" && !interrupted) {
    said.push("Nobody can say whether agent, broker and jobs behaved.");
  }
  // Of a run that ended early, or in virtual time, nobody expects it.
  if (residue === null && (interrupted || stage === "sim")) return said;
  if (residue === null) return [...said, "The host was not read again, so what stayed behind is unknown."];
  if (residue.verdict === "unknown") said.push(sentence(residue.summary));
  if (residue.verdict === "partial" && residue.policy !== "developer") {
    const hidden = residue.surfaces.filter(({ status }) => status !== "done");
    said.push(
      `The ${residue.policy} policy takes no partial view, and ${counted(hidden.length, "surface is", "surfaces are")} not wholly visible to this user.`,
    );
  }
  return said;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
