import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-loss--lost-is-not-heard",
  breaks: "I1",
  why: "What the broker says is lost is lost to the broker: the job runs on until its lease is over here too.",
  patches: [
    {
      file: "agent/core/heartbeat.ts",
      find: '    stopLease(turn, lease, { why: `the broker says it is lost: ${reason}`, after: "forget" });',
      replace: "    void reason;",
    },
  ],
} satisfies Mutant;
