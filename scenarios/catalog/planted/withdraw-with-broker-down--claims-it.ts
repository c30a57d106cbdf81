import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-down--claims-it",
  breaks: "I7",
  why: "The report of somebody who was enrolled says that the key is revoked, because it will be one day.",
  patches: [
    {
      file: "agent/core/withdrawal-end.ts",
      find: "    ...measured,",
      replace: `    ...measured,
    keyRevoked: measured.keyRevoked === "deferred" && core.enrolled ? "confirmed" : measured.keyRevoked,`,
    },
  ],
} satisfies Mutant;
