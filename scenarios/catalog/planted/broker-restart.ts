import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "broker-restart",
  breaks: "I1",
  why: "An agent that hears its broker again drops what it holds, as if that had forgotten it meanwhile.",
  patches: [
    {
      file: "agent/core/broker-contact.ts",
      find: `import { flushReports } from "./report.ts";`,
      replace: `import { flushReports } from "./report.ts";\nimport { stopLease } from "./lease-stop.ts";`,
    },
    {
      file: "agent/core/broker-contact.ts",
      find: "  if (reachable) flushReports(turn);",
      replace: `  if (reachable) flushReports(turn);
  const why = "the broker was away";
  if (reachable) for (const lease of [...turn.leases()]) {
    if (lease.stop === null) stopLease(turn, lease, { why, after: "forget" });
  }`,
    },
  ],
} satisfies Mutant;
