import type { Mutant } from "../mutant.ts";

export default {
  name: "made-before-it-is-journalled",
  breaks: "I11",
  why: "The directory is made first and journalled after it, so that a crash between the two leaves what nobody knows of.",
  patches: [
    {
      file: "scenarios/simulator/world/agent-body.ts",
      find: `    this.acquire(resource);
    if (this.alive) this.host.make(resource);`,
      replace: `    this.host.make(resource);
    this.acquire(resource);`,
    },
  ],
} satisfies Mutant;
