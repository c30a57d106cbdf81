import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "join-work-pause-resume-withdraw",
  breaks: "L2",
  why: "After a pause of its owner the agent goes on with what it has, and never offers a slot again.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  if (by === "owner") ignoreActivity(turn);`,
      replace: `  if (by === "owner") ignoreActivity(turn);
  if (pause.by === "owner") Object.assign(core, { isShy: true });`,
    },
    {
      file: "agent/core/lease-facts.ts",
      find: "  return intakeClosedBecause(core) === null ? Math.max",
      replace: `  return intakeClosedBecause(core) === null && !("isShy" in core) ? Math.max`,
    },
  ],
} satisfies Mutant;
