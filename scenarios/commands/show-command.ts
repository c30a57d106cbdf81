import { ExitCode } from "../../foundation/exit-codes.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import { nestedSteps, type Step, stepTitle } from "../steps/step.ts";

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
  if (needs.length > 0)
    process.stdout.write(`Needs         ${needs.join(", ")}
`);
  process.stdout.write(`
Steps
${stepLines(steps, "").join("")}`);
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
