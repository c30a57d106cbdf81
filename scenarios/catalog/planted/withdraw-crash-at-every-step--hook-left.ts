import type { PlantedBug } from "../planted-bug.ts";

export default {
  name: "withdraw-crash-at-every-step--hook-left",
  onHost: true,
  breaks: "I7",
  why: "The line is taken out of the crontab's text, and that is not written back.",
  patches: [
    {
      file: "agent/autostart/crontab.ts",
      find: "      return kept.length === 0 && !existed ? null : Buffer.concat(kept);",
      replace: "      return kept.length === 0 && !existed ? before : before;",
    },
  ],
} satisfies PlantedBug;
