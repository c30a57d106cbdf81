import type { Mutant } from "../mutant.ts";

export default {
  name: "cancelled-job-runs-on",
  breaks: "L2",
  why: "The agent takes the leases that were renewed from the broker's answer, and not those that are lost.",
  patches: [
    {
      file: "agent/core/heartbeat.ts",
      find: `    stopLease(turn, lease, { why: \`the broker says it is lost: \${reason}\`, after: "forget" });`,
      replace: `    turn.log("info", \`\${leaseId} is lost: \${reason}\`);`,
    },
    {
      file: "agent/core/agent.ts",
      find: `      stopLease(turn, lease, { why: \`the broker revoked the lease: \${data.reason}\`, after: "forget" });
`,
      replace: "",
    },
  ],
} satisfies Mutant;
