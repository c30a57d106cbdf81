import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "resume-elsewhere",
  breaks: "I8",
  why: "A job whose holder vanished begins anew: nobody is there any more to vouch for what was saved.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: `    job.redeliveries += 1;
    queueAgain(`,
      replace: `    job.redeliveries += 1;
    releaseBlobs(turn, job);
    job.checkpoint = null;
    queueAgain(`,
    },
  ],
} satisfies Mutant;
