import { ExitCode } from "../../foundation/exit-codes.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { catalog } from "../catalog/catalog.ts";
import { cannotRun } from "../needs/cannot-run.ts";
import { narrowed, type Narrowing } from "../selection/select-scenarios.ts";
import type { Scenario } from "../steps/scenario.ts";

export interface ListFlags extends Narrowing {
  readonly stage?: string;
  readonly json?: boolean;
}

const indent = "  ";

/** `scenarios list`: exit 0 also where the list is empty. */
export function listCommand(flags: ListFlags): number {
  const listed = narrowed(catalog, flags).filter(
    ({ stages }) => flags.stage === undefined || stages.some((stage) => stage === flags.stage),
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify(listed.map(asJson), undefined, 2)}\n`);
  else process.stdout.write(listed.map((scenario) => entry(scenario)).join(""));
  return ExitCode.pass;
}

function asJson(scenario: Scenario) {
  const { name, title, description, defaults, requirements, tags, stages, needs = [], hurts = null } = scenario;
  const skipped = cannotRun(scenario, "host");
  return { name, title, description, requirements, tags, stages, defaults, needs, hurts, skipped };
}

/** What it is called, what it shows, and what it can be found by. */
function entry(scenario: Scenario): string {
  const { name, title, requirements, tags, stages } = scenario;
  const skipped = cannotRun(scenario, "host");
  const found = [requirements.join(" "), tags.map((tag) => `@${tag}`).join(" "), `on ${stages.join(", ")}`];
  const cannot = skipped === null ? "" : `Not on this host: ${skipped.why} ${skipped.remedy}`;
  const lines = [name, wrapText(title, { indent, hanging: indent }), `${indent}${found.join(" · ")}`];
  if (cannot !== "") lines.push(wrapText(cannot, { indent, hanging: indent }));
  return `${lines.join("\n")}\n`;
}
