import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { cannotRun } from "../needs/cannot-run.ts";
import { placeOf } from "../loading/place-of.ts";
import { scenarioGlobs } from "../loading/read-config.ts";
import { type BrokenFiles, scenarioSet, tellBroken } from "../loading/scenario-set.ts";
import { narrowed, type Narrowing } from "../selection/select-scenarios.ts";
import type { Scenario } from "../steps/scenario.ts";

export interface ListFlags extends Narrowing {
  readonly stage?: string;
  readonly config?: string;
  readonly json?: boolean;
}

const indent = "  ";

/**
 * `scenarios list`: what can be listed, and what of one's own cannot; 64 where that, or nothing matches.
 *
 * @throws UsageError `broken-grep`, or where the configuration that is named cannot be read
 */
export async function listCommand(flags: ListFlags): Promise<number> {
  const broken: BrokenFiles = [];
  const all = await scenarioSet({ ...(await globsOf(flags, broken)), whole: false, broken });
  const listed = narrowed(all, flags).filter(
    ({ stages }) => flags.stage === undefined || stages.some((stage) => stage === flags.stage),
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify(listed.map(asJson), undefined, 2)}\n`);
  else process.stdout.write(listed.map((scenario) => entry(scenario)).join(""));
  tellBroken(broken);
  if (listed.length === 0) process.stderr.write("Nothing matches. `scenarios list` without options shows them all.\n");
  return listed.length === 0 || broken.length > 0 ? ExitCode.usage : ExitCode.pass;
}

/** The catalogue is listed whatever is wrong with the configuration that is found. */
async function globsOf({ config }: ListFlags, broken: BrokenFiles): ReturnType<typeof scenarioGlobs> {
  try {
    return await scenarioGlobs(config);
  } catch (error) {
    if (config !== undefined || !(error instanceof UsageError)) throw error;
    broken.push(error);
    return { folder: process.cwd(), globs: [] };
  }
}

function asJson(scenario: Scenario) {
  const { name, title, description, defaults, requirements, tags, stages, needs = [], hurts = null, file } = scenario;
  const skipped = cannotRun(scenario, "host");
  const told = { name, title, description, requirements, tags, stages, defaults, needs, hurts, skipped };
  return { ...told, ...(file === undefined ? {} : { file }) };
}

/** What it is called, what it shows, and what it can be found by. */
function entry(scenario: Scenario): string {
  const { name, title, requirements, tags, stages, file } = scenario;
  const skipped = cannotRun(scenario, "host");
  const found = [
    ...(file === undefined ? [] : [placeOf(file, undefined)]),
    requirements.join(" "),
    tags.map((tag) => `@${tag}`).join(" "),
    `on ${stages.join(", ")}`,
  ].filter((words) => words !== "");
  const lines = [name, wrapText(title, { indent, hanging: indent }), `${indent}${found.join(" · ")}`];
  if (skipped !== null) {
    lines.push(wrapText(`Not on this host: ${skipped.why} ${skipped.remedy}`, { indent, hanging: indent }));
  }
  return `${lines.join("\n")}\n`;
}
