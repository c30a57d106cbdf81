import { ExitCode } from "../../foundation/exit-codes.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import { isFile } from "../loading/is-file.ts";
import { loadScenario } from "../loading/load-scenario.ts";
import { scenarioGlobs } from "../loading/read-config.ts";
import { scenariosAmong } from "../loading/scenario-set.ts";
import { nestedSteps } from "../steps/nested-steps.ts";
import { type Step, stepTitle } from "../steps/step.ts";

/** `scenarios show NAME` or `scenarios show FILE`. */
export async function showCommand(wanted: string, flags: { config?: string; json?: boolean }): Promise<number> {
  const scenario = isFile(wanted)
    ? await loadScenario(wanted, { whole: true })
    : scenarioNamed(wanted, await scenariosAmong([wanted], { ...(await scenarioGlobs(flags.config)), whole: true }));
  const steps = scenario.steps(scenario.defaults);
  const expectations = scenario.expectations(scenario.defaults);
  if (flags.json === true) {
    const { name, title, description, requirements, tags, stages, needs = [], defaults, timing } = scenario;
    const told = { name, title, description, requirements, tags, stages, needs, defaults, timing };
    const plan = { ...told, steps, expectations };
    process.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
    return ExitCode.pass;
  }
  process.stdout.write(`${scenario.name}: ${scenario.title}\n\n${scenario.description}\n\n`);
  const { needs = [] } = scenario;
  const cited = scenario.requirements.length === 0 ? "" : `Requirements  ${scenario.requirements.join(" ")}\n`;
  process.stdout.write(`${cited}Stages        ${scenario.stages.join(", ")}\n`);
  if (needs.length > 0) process.stdout.write(`Needs         ${needs.join(", ")}\n`);
  process.stdout.write("\nSteps\n");
  process.stdout.write(stepLines(steps, "").join(""));
  process.stdout.write("\nExpectations\n");
  for (const { checker, settings } of expectations) {
    process.stdout.write(`      ${checker}${settings === undefined ? "" : ` ${JSON.stringify(settings)}`}\n`);
  }
  return ExitCode.pass;
}

/** Those that a step holds stand below it, with the numbers that lead there. */
function stepLines(steps: readonly Step[], within: string): string[] {
  return steps.flatMap((step, index) => {
    const number = `${within}${index + 1}`;
    const lists = nestedSteps(step);
    const inner = lists.flatMap((list, branch) =>
      stepLines(list, `${number}.${lists.length === 1 ? "n" : branch + 1}.`),
    );
    return [`${number.padStart(4)}  ${stepTitle(step)}\n`, ...inner];
  });
}
