import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "disk-full--nothing-saved",
  breaks: "I3",
  why: "A job that comes back as it went and with nothing saved is taken for one whose holder vanished.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: '  const requeue = { how: "handed-back", reason',
      replace: `  const isSame = job.checkpoint === null && !agentDied && reason.includes("withdr");
  const requeue = { how: isSame ? ("agent-lost" as never) : "handed-back", reason`,
    },
  ],
} satisfies Mutant;
