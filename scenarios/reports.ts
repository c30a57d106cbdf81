import { main as reports } from "../reports/cli.ts";

/**
 * The program `reports`, with somebody who knows the scenarios: reports are derived from records alone, and a gate that
 * judges again needs the checkers. What needs neither loads neither.
 */
export async function main(argv: string[]): Promise<number> {
  return await reports(argv, async () => await (await import("./scenario-judge.ts")).scenarioJudge());
}
