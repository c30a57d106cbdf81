import { shellWord } from "../../foundation/shell-word.ts";
import type { PlanWishes } from "./seed-batch.ts";

/** The command that runs exactly one seed again. */
export function simulateWords(seed: string, { profile, agents, minutes }: PlanWishes, ...more: string[]): string {
  const options = [
    ...["--seed", shellWord(seed)],
    ...["--profile", profile],
    ...(agents === undefined ? [] : ["--agents", String(agents)]),
    ...(minutes === undefined ? [] : ["--minutes", String(minutes)]),
  ];
  return ["npx scenarios simulate", ...options, ...more].join(" ");
}

/** The command that runs a plan again. */
export function replayWords(file: string): string {
  return `npx scenarios replay ${shellWord(file.startsWith("-") ? `./${file}` : file)}`;
}
