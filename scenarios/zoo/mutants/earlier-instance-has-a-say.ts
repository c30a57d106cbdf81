import type { Mutant } from "../mutant.ts";

export default {
  name: "earlier-instance-has-a-say",
  breaks: "I2",
  why: "Only the key is checked, so what an instance that was replaced had sent before still counts.",
  profile: "swarm",
  patches: [
    {
      file: "broker-sim/core/callers.ts",
      find: "  if (agent.instanceId !== caller.instanceId) {",
      replace: `  if (agent.instanceId !== caller.instanceId && agent.standing === "lost") {`,
    },
  ],
} satisfies Mutant;
