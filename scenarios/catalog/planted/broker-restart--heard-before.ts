import type { PlantedBug } from "../planted-bug.ts";

export default {
  name: "broker-restart--heard-before",
  onHost: true,
  breaks: "I10",
  why: "The nonces of an earlier start are gone, and what was signed for it is taken once more.",
  patches: [
    {
      file: "broker-sim/io/security/authentication.ts",
      find: "state.agents.size === 0 ? null : Math.floor(clock.nowMs() / 1_000);",
      replace: "null;",
    },
  ],
} satisfies PlantedBug;
