import type { Mutant } from "../mutant.ts";

export default {
  name: "job-lost-on-hand-back",
  breaks: "I3",
  why: "The lease ends and the job waits again, but nobody put it into the queue.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: `  if (job.waitsUntil === null) enqueueJob(turn, job);
  else setAside(turn, job);`,
      replace: `  if (job.waitsUntil !== null) setAside(turn, job);
  else if (how !== "handed-back") enqueueJob(turn, job);`,
    },
  ],
} satisfies Mutant;
