import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "federated-spawn-status-kill",
  breaks: "I4",
  why: "A kill of the hub's is taken, answered with how things are, and not carried out.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `  if (action.do === "kill") {
    const response`,
      replace: `  if (action.do === "kill" && "executionId" in target && target.executionId === "") {
    const response`,
    },
  ],
} satisfies Mutant;
