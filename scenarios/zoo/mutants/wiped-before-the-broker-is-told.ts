import type { Mutant } from "../mutant.ts";

export default {
  name: "wiped-before-the-broker-is-told",
  breaks: "I7",
  why: "The home is wiped first, because that is what the owner sees, and the broker hears of it afterwards.",
  patches: [
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome, measured }, "hand-back");`,
      replace: `  advance(turn, withdrawal, { outcome, measured }, "wipe-directories");`,
    },
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "clear-ledger");`,
      replace: `  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "hand-back");`,
    },
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "wipe-directories");`,
      replace: `  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "clear-ledger");`,
    },
  ],
} satisfies Mutant;
