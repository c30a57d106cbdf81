import type { Mutant } from "../mutant.ts";

export default {
  name: "grants-forgotten-at-restart",
  breaks: "I1",
  why: "Whatever was granted is queued again when the broker starts, as if its restart had ended every lease.",
  patches: [
    {
      file: "broker-sim/core/broker-state.ts",
      find: "  const job = { ...stored };",
      replace: `  const job: JobRecord = stored.grant === null ? { ...stored } : { ...stored, grant: null, state: "queued" };`,
    },
  ],
} satisfies Mutant;
