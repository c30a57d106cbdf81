import type { Mutant } from "../mutant.ts";

export default {
  name: "thaw-misses-one",
  breaks: "I5",
  why: "The list of the sandboxes to let go on is cut one short.",
  patches: [
    {
      file: "scenarios/simulator/world/freezer.ts",
      find: "    for (const sandbox of host.sandboxesOf(instanceId)) sandbox.goOn();",
      replace: "    for (const sandbox of [...host.sandboxesOf(instanceId)].slice(1)) sandbox.goOn();",
    },
  ],
} satisfies Mutant;
