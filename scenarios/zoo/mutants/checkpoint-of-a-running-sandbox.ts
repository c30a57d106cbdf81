import type { Mutant } from "../mutant.ts";

export default {
  name: "checkpoint-of-a-running-sandbox",
  breaks: "I8",
  why: "Which freeze a snapshot belongs to is not compared, so one that was being written when everything went on again is taken.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/freeze.ts",
      find: "  if (lease === undefined || core.freeze?.generation !== generation || !isQuiet(lease)) {",
      replace: "  if (lease === undefined) {",
    },
    {
      file: "agent/core/freeze.ts",
      find: `    trigger: core.freeze.trigger,
    durationMs,`,
      replace: `    trigger: core.freeze?.trigger ?? "earlier",
    durationMs,`,
    },
    {
      file: "scenarios/simulator/world/checkpoint-effects.ts",
      find: "    if (body.core.freeze?.generation !== generation) {",
      replace: "    if (body.core.freezeGeneration < generation) {",
    },
  ],
} satisfies Mutant;
