import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "join-work-pause-resume-withdraw",
  breaks: "L2",
  why: "After a pause of its owner that froze jobs the agent goes on with those, and never offers a slot again.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  if (by === "owner") ignoreActivity(turn);`,
      replace: `  if (by === "owner") ignoreActivity(turn);
  if (pause.by === "owner" && core.leaseList.length > 0) Object.assign(core, { isShy: true });`,
    },
    {
      file: "agent/core/lease-facts.ts",
      find: "  return intakeClosedBecause(core) === null ? Math.max",
      replace: `  return intakeClosedBecause(core) === null && !("isShy" in core) ? Math.max`,
    },
  ],
} satisfies Mutant;
