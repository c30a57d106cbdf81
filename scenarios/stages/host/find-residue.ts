import type { Finding } from "../../../protocol/residue-report.ts";
import { compareSnapshots, takeSnapshot } from "../../../residue-scanner/scanner.ts";
import { runDirectoryFiles } from "../../run-directory.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import type { HostStage } from "./host-stage.ts";
import type { Leavable, Outside } from "./hostile.ts";

/**
 * Has the residue scanner look at the places where jobs were told to leave something, and then takes that away: the
 * scanner must find it, and the host must be as it was.
 *
 * @throws StepError `not-taken-away`
 */
export async function findResidue(stage: HostStage, _step: StepOf<"find-residue">): Promise<string> {
  const { outside } = stage.hostile;
  if (outside === undefined) throw unknownName("attempt of jobs", "outside");
  const { history, ledger } = stage.options;
  const { findings, excused } = await scan(stage, outside);
  let found = 0;
  for (const one of outside.leavable) {
    const finding = findings.find((each) => isAbout(each, one));
    if (finding !== undefined) found += 1;
    history.record("witness.residue", {
      ...{ surface: one.surface, location: one.location, found: finding !== undefined },
      attribution: finding?.attribution.to ?? null,
      evidence: finding?.attribution.evidence.map(({ kind }) => kind) ?? [],
    });
    const left = await ledger.undo(one.undo);
    if (left !== undefined) {
      throw new StepError(`What a job left cannot be taken away: ${left.why}.`, {
        code: "not-taken-away",
        next: `Finish it with: ${left.finishWith}`,
      });
    }
  }
  return `${found} of ${outside.leavable.length} found, and taken away; ${excused.length} rules excused others`;
}

async function scan(stage: HostStage, { before }: Outside) {
  const { options, agents, seen, place } = stage;
  const roots = before.scope?.map((root) => Buffer.from(root, "latin1").toString("utf8")) ?? [];
  const after = await takeSnapshot({ roots, surfaces: ["files", "crontabs"], signal: options.signal });
  const context = {
    ...({ policy: "developer", runId: options.id, windowFromMs: before.startedAtMs, windowToMs: Date.now() } as const),
    cgroupPrefixes: stage.cgroups,
    agentPaths: [...[...agents.values()].map(({ home }) => home), place],
    jobPaths: [],
    ...{ harnessPaths: [options.directory.path], harnessFiles: runDirectoryFiles },
    identifiers: [...agents.values()].map(({ agentId }) => agentId),
    processes: seen,
  };
  return await compareSnapshots(before, after, context, { recorder: options.recorder, signal: options.signal });
}

function isAbout({ surface, location, subject, after }: Finding, wanted: Leavable): boolean {
  if (surface !== wanted.surface) return false;
  if (surface === "files") return location === wanted.location;
  return [location, subject, JSON.stringify(after)].some((text) => text.includes(wanted.location));
}
