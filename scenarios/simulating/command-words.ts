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

/** A word as a POSIX shell takes it; quoted only where it must be. */
function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
