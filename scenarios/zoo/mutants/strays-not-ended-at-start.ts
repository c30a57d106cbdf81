import type { Mutant } from "../mutant.ts";

export default {
  name: "strays-not-ended-at-start",
  breaks: "I7",
  why: "A new instance looks at its leases only, and not at what the one before left running.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/start.ts",
      find: "  if (recovered.strays) {",
      replace: "  if (recovered.strays && recovered.leases.length === 0) {",
    },
  ],
} satisfies Mutant;
