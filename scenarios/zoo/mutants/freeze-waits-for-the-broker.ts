import type { Mutant } from "../mutant.ts";

export default {
  name: "freeze-waits-for-the-broker",
  breaks: "L4",
  why: "The broker is told first, so that it offers nothing meanwhile, and the freeze comes with its answer.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: `  if (core.shutdown === null && !enrolling) freeze(turn, { purpose: "pause", trigger: wish.reason, triggeredAtMs });`,
      replace: `  if (core.shutdown === null && !enrolling && !core.heartbeat.inFlight) freeze(turn, { purpose: "pause", trigger: wish.reason, triggeredAtMs });`,
    },
    {
      file: "agent/core/heartbeat.ts",
      find: `  heartbeat.inFlight = false;
`,
      replace: `  heartbeat.inFlight = false;
  const { pause } = turn.core;
  if (pause !== null && turn.core.freeze === null) freeze(turn, { purpose: "pause", trigger: pause.reason });
`,
    },
    {
      file: "agent/core/heartbeat.ts",
      find: "import { noteContact, refusalIn } from",
      replace: `import { freeze } from "./freeze.ts";
import { noteContact, refusalIn } from`,
    },
  ],
} satisfies Mutant;
