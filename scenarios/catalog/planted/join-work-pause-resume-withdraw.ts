import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "join-work-pause-resume-withdraw",
  breaks: "L2",
  why: "After a pause that its owner began and that froze several jobs the agent goes on with those, and never offers a slot again.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: `  const pause = (core.pause ??= newPause(turn, wish));`,
      replace: `  const pause = (core.pause ??= newPause(turn, wish));
  if (begins && wish.by === "owner" && core.activity === null && core.leaseList.length > 1) Object.assign(core, { isShy: true });`,
    },
    {
      file: "agent/core/lease-facts.ts",
      find: "  return intakeClosedBecause(core) === null ? Math.max",
      replace: `  return intakeClosedBecause(core) === null && !("isShy" in core) ? Math.max`,
    },
  ],
} satisfies Mutant;
