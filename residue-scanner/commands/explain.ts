import { readFileSync } from "node:fs";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { FactAttributes, Finding } from "../../protocol/residue-report.ts";
import { ResidueReport } from "../../protocol/residue-report.ts";
import { showText } from "../core/path-text.ts";
import { findingLines, fitLines, type Paint, painter } from "../render.ts";
import { formOf } from "./output.ts";

export interface ExplainCommandOptions {
  readonly report: string;
  readonly json?: boolean;
}

/** `residue explain ID --report FILE`: one finding in full. */
export function explainCommand(id: string, options: ExplainCommandOptions): ExitCode {
  const finding = findIn(readReport(options.report), id, options.report);
  const { columns, color } = formOf(process.stdout);
  const text =
    options.json === true
      ? `${JSON.stringify(finding, null, 2)}\n`
      : fitLines(explainLines(finding, painter(color)), columns);
  process.stdout.write(text);
  return ExitCode.pass;
}

/** @throws UsageError `report-file` for what is no report; the verdict of a scenario has one in it */
function readReport(path: string): ResidueReport {
  const unusable = (why: string, cause?: unknown) =>
    new UsageError(`${path} cannot be used: ${why}.`, {
      code: "report-file",
      next: "Name a report of `residue run --report FILE`, or the verdict.json of a scenario.",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw unusable(messageOf(error), error);
  }
  const within = typeof value === "object" && value !== null && "residue" in value ? value.residue : value;
  const report = ResidueReport.safeParse(within);
  if (!report.success) throw unusable("it holds no residue report of a version that is known here");
  return report.data;
}

/** An id, or a part of one that no other has; every finding counts, those that a waiver covers too. */
function findIn(report: ResidueReport, id: string, path: string): Finding {
  const all = [...report.findings, ...(report.waivers ?? []).flatMap(({ findings }) => findings)];
  const exact = all.find((finding) => finding.id === id || finding.location === id);
  if (exact !== undefined) return exact;
  const near = all.filter((finding) => finding.id.includes(id));
  const [only] = near;
  if (only !== undefined && near.length === 1) return only;
  const namedMax = 5;
  const candidates = (near.length > 0 ? near : all).slice(0, namedMax).map((finding) => finding.id);
  const what = near.length > 1 ? `${near.length} findings` : "No finding";
  throw new UsageError(`${what} in ${path} ${near.length > 1 ? "have" : "has"} ${id} in the id.`, {
    code: "no-such-finding",
    next: candidates.length > 0 ? `Name one of: ${candidates.join("  ")}` : "The report has no findings.",
  });
}

function explainLines(finding: Finding, paint: Paint): string[] {
  const names = [...new Set([...Object.keys(finding.before ?? {}), ...Object.keys(finding.after ?? {})])];
  const width = Math.max(0, ...names.map((name) => name.length));
  const values = names.map((name) => {
    const isChanged = finding.changed.includes(name);
    const value = finding.change === "changed" ? bothOf(finding, name) : shown(finding.after ?? finding.before, name);
    const line = showText(`  ${name.padEnd(width)}  ${value}`);
    return isChanged ? paint("bold", line) : line;
  });
  return [showText(`ID     ${finding.id}`), ...findingLines(finding, paint), "", "What was read of it:", ...values];
}

function bothOf({ before, after }: Finding, name: string): string {
  const [was, is] = [shown(before, name), shown(after, name)];
  return was === is ? was : `${was} -> ${is}`;
}

function shown(attributes: FactAttributes | null, name: string): string {
  const value = attributes?.[name];
  if (value === undefined || value === null || value === "") return "none";
  if (typeof value === "number" && /^[mcb]time$/.test(name)) return new Date(value).toISOString();
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
