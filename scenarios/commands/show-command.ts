import { ExitCode } from "../../foundation/exit-codes.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import { stepTitle } from "../steps/step.ts";

/** `scenarios show NAME`. */
export function showCommand(name: string, flags: { json?: boolean }): number {
  const scenario = scenarioNamed(name);
  const steps = scenario.steps(scenario.defaults);
  const expectations = scenario.expectations(scenario.defaults);
  if (flags.json === true) {
    const { title, description, requirements, tags, stages, needs = [], defaults, timing } = scenario;
    const told = { name, title, description, requirements, tags, stages, needs, defaults, timing };
    const plan = { ...told, steps, expectations };
    process.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
    return ExitCode.pass;
  }
  process.stdout.write(`${scenario.name}: ${scenario.title}\n\n${scenario.description}\n\n`);
  process.stdout.write(
    `Requirements  ${scenario.requirements.join(" ")}\nStages        ${scenario.stages.join(", ")}\n`,
  );
  const { needs = [] } = scenario;
  if (needs.length > 0) process.stdout.write(`Needs         ${needs.join(", ")}\n`);
  process.stdout.write("\nSteps\n");
  steps.forEach((step, index) => process.stdout.write(`${String(index + 1).padStart(4)}  ${stepTitle(step)}\n`));
  process.stdout.write("\nExpectations\n");
  for (const { checker, settings } of expectations) {
    process.stdout.write(`      ${checker}${settings === undefined ? "" : ` ${JSON.stringify(settings)}`}\n`);
  }
  return ExitCode.pass;
}
