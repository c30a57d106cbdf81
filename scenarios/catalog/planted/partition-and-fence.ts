import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "partition-and-fence",
  breaks: "I1",
  why: "The agent leaves it to the broker to say that a lease is over.",
  patches: [
    {
      file: "agent/core/lease-deadline.ts",
      find: `    stopLease(turn, lease, { why: "the lease ran out before the broker renewed it", after: "return" });`,
      replace: `    turn.log("warn", \`\${lease.leaseId} ran out\`);
    lease.ownDeadlineMs = Number.POSITIVE_INFINITY;`,
    },
  ],
} satisfies Mutant;
