import { ExitCode } from "../../foundation/exit-codes.ts";
import { catalog, scenarioNamed } from "../catalog/catalog.ts";
import { stepTitle } from "../steps/step.ts";

/** `scenarios list`. */
export function listCommand(flags: { json?: boolean }): number {
  if (flags.json === true) {
    const scenarios = catalog.map(({ name, title, description, defaults }) => ({ name, title, description, defaults }));
    process.stdout.write(`${JSON.stringify(scenarios, undefined, 2)}\n`);
    return ExitCode.pass;
  }
  const width = Math.max(...catalog.map((scenario) => scenario.name.length));
  for (const { name, title } of catalog) process.stdout.write(`${name.padEnd(width)}  ${title}\n`);
  return ExitCode.pass;
}

/** `scenarios show NAME`. */
export function showCommand(name: string, flags: { json?: boolean }): number {
  const scenario = scenarioNamed(name);
  const steps = scenario.steps(scenario.defaults);
  const expectations = scenario.expectations(scenario.defaults);
  if (flags.json === true) {
    const { title, description, defaults, timing } = scenario;
    process.stdout.write(
      `${JSON.stringify({ name, title, description, defaults, timing, steps, expectations }, undefined, 2)}\n`,
    );
    return ExitCode.pass;
  }
  process.stdout.write(`${scenario.name}: ${scenario.title}\n\n${scenario.description}\n\nSteps\n`);
  steps.forEach((step, index) => process.stdout.write(`${String(index + 1).padStart(4)}  ${stepTitle(step)}\n`));
  process.stdout.write("\nExpectations\n");
  for (const { checker, settings } of expectations) {
    process.stdout.write(`      ${checker}${settings === undefined ? "" : ` ${JSON.stringify(settings)}`}\n`);
  }
  return ExitCode.pass;
}
