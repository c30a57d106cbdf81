import { exitCodeForVerdict } from "../core/verdict.ts";
import type { ExitCode } from "../../foundation/exit-codes.ts";
import { type ResiduePolicy, residuePolicies, type ResidueReport } from "../../protocol/residue-report.ts";
import { UsageError } from "../../foundation/errors.ts";
import { renderReport } from "../render.ts";

/** The policy that was asked for. Without one: whoever sees only part of the host is told so and passes. */
export function policyFrom(text: string | undefined, { narrowed }: { narrowed: boolean }): ResiduePolicy {
  if (text === undefined) return narrowed || process.geteuid?.() !== 0 ? "developer" : "ci";
  const policy = residuePolicies.find((name) => name === text);
  if (policy !== undefined) return policy;
  throw new UsageError(`There is no policy "${text}".`, {
    code: "no-such-policy",
    next: `Use one of ${residuePolicies.join(", ")}.`,
  });
}

/** Writes the report: as JSON to stdout, or for people to the given stream. */
export function writeReport(report: ResidueReport, { json, to }: { json: boolean; to: NodeJS.WriteStream }): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const color = to.isTTY && (process.env["NO_COLOR"] ?? "") === "";
  to.write(renderReport(report, { columns: to.columns ?? 100, color }));
}

export function exitCodeForReport({ verdict, policy }: ResidueReport): ExitCode {
  return exitCodeForVerdict(verdict, policy);
}
