import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "broker-restart--result-dies-with-its-agent",
  breaks: "I3",
  why: "Whatever an instance before had not told is given back as unfinished, a result of its too.",
  patches: [
    {
      file: "agent/core/start.ts",
      find: "report === null ? {",
      replace: "report !== undefined ? {",
    },
  ],
} satisfies Mutant;
