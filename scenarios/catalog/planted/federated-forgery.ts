import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "federated-forgery",
  breaks: "I10",
  why: "A command that is as old as it likes is taken, because its time is said to be over only later.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: "  if (Math.abs(turn.nowMs - issuedAt) > signatureWindowMs || issuedAt <= connection.issuedFloor) {",
      replace: "  if (issuedAt <= connection.issuedFloor) {",
    },
    {
      file: "broker-sim/core/federation/commands.ts",
      find: "  if (expiresAt < turn.nowMs || expiresAt > issuedAt + signatureWindowMs) {",
      replace: "  if (expiresAt > issuedAt + signatureWindowMs) {",
    },
  ],
} satisfies Mutant;
