import type { Mutant } from "../mutant.ts";

export default {
  name: "freeze-misses-daemons",
  breaks: "I5",
  why: "Only the processes of the first session are stopped; a job that went into a session of its own runs on.",
  profile: "swarm",
  patches: [
    {
      file: "scenarios/simulator/world/freezer.ts",
      find: `      sandbox.stop();
`,
      replace: `      if (!sandbox.behaviour.daemon) sandbox.stop();
`,
    },
  ],
} satisfies Mutant;
