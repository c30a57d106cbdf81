import type { Mutant } from "../mutant.ts";

export default {
  name: "lost-agent-not-noticed",
  breaks: "L3",
  why: "The alarm for an agent's silence is set anew each time that it goes off, as if it had been heard.",
  patches: [
    {
      file: "broker-sim/core/deadlines.ts",
      find: `    if (lostAt > nowMs) {
      state.alarms.ensureAgent(agent, lostAt);`,
      replace: `    if (lostAt > 0) {
      state.alarms.ensureAgent(agent, nowMs + activityTimeoutMs);`,
    },
  ],
} satisfies Mutant;
