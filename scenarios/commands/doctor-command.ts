import { ExitCode } from "../../foundation/exit-codes.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { faint, type Line, renderLines, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import { catalog } from "../catalog/catalog.ts";
import { type Ability, diagnose, type Diagnosis } from "../doctor/diagnose.ts";
import type { Probed } from "../doctor/probe.ts";
import { probes } from "../doctor/probes.ts";
import { missingFor } from "../faults/fault-needs.ts";
import { faultKinds } from "../faults/kinds.ts";
import { cannotRun } from "../needs/cannot-run.ts";

/**
 * `scenarios doctor`: tries what scenarios need of this machine, and says what would make the rest possible.
 *
 * @returns 0 when everything in the catalogue can run here, else 1
 */
export async function doctorCommand(flags: { json?: boolean }): Promise<number> {
  const diagnosis = await diagnose({
    ...{ probes, catalog, cannotRun },
    faults: Object.values(faultKinds).map((kind) => ({ kind: kind.kind, missing: missingFor(kind.kind) })),
  });
  const exitCode = diagnosis.scenarios.some(({ missing }) => missing.length > 0) ? ExitCode.fail : ExitCode.pass;
  const output = streamOutput(process.stdout);
  if (flags.json === true) output.write(`${JSON.stringify({ ...diagnosis, exitCode }, undefined, 2)}\n`);
  else output.write(renderLines(diagnosisLines(diagnosis), output));
  return exitCode;
}

export function diagnosisLines({ probes, stages, scenarios, faults }: Diagnosis): Line[] {
  const width = Math.max(...[...probes, ...stages, ...faults].map(({ name }) => name.length));
  const lacking = scenarios.filter(({ missing }) => missing.length > 0);
  return [
    [tinted("This machine and user have", "heading")],
    ...probes.flatMap((probed) => probeLines(probed, width)),
    [],
    [tinted("Stages", "heading")],
    ...stages.flatMap((stage) => abilityLines(stage, width)),
    ...(faults.length === 0 ? [] : [[], [tinted("Faults", "heading")] satisfies Line]),
    ...faults.flatMap((fault) => abilityLines(fault, width)),
    [],
    [tinted("Scenarios", "heading"), `  ${scenarios.length - lacking.length} of ${scenarios.length} can run here`],
    ...lacking.flatMap((ability) => abilityLines({ ...ability, name: `${ability.name} on ${ability.stage}` }, width)),
  ];
}

const looks = { ok: "good", part: "doubt", no: "bad" } as const;

function probeLines({ name, status, detail, for: use, remedy }: Probed, width: number): Line[] {
  const indent = " ".repeat(width + 9);
  const head: Line = ["  ", tinted(status.padEnd(4), looks[status]), ` ${name.padEnd(width)}  `];
  if (status === "ok") return [[...head, faint(detail === "" ? use : printable(detail))]];
  return [
    [...head, printable(detail)],
    [indent, faint(`for ${use}`)],
    [indent, tinted(remedy, "command")],
  ];
}

function abilityLines({ name, missing, remedies }: Ability, width: number): Line[] {
  const can = missing.length === 0;
  return [
    ["  ", tinted((can ? "ok" : "no").padEnd(4), can ? "good" : "bad"), ` ${name.padEnd(width)}`],
    ...missing.map((why): Line => [" ".repeat(9), faint(printable(why))]),
    ...remedies.map((remedy): Line => [" ".repeat(9), remedy]),
  ];
}
