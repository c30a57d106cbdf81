import type { Mutant } from "../mutant.ts";

export default {
  name: "withdrawal-not-journalled",
  breaks: "I7",
  why: "How far the withdrawal got is not written down, so an instance that is killed in it comes back to work.",
  patches: [
    {
      file: "agent/core/withdrawal-note.ts",
      find: `  turn.remember({ key: "withdrawal", value: copyOfRecord(record) });`,
      replace: `  if (record.current === "clear-ledger") turn.remember({ key: "withdrawal", value: copyOfRecord(record) });`,
    },
  ],
} satisfies Mutant;
