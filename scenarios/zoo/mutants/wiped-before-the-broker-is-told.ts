import type { Mutant } from "../mutant.ts";

export default {
  name: "wiped-before-the-broker-is-told",
  breaks: "I7",
  why: "The home is wiped first, because that is what the owner sees, and the broker hears of it afterwards.",
  patches: [
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome: alive > 0 ? "failed" : done, measured }, "hand-back");`,
      replace: `  advance(turn, withdrawal, { outcome: alive > 0 ? "failed" : done, measured }, "wipe-directories");`,
    },
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "clear-ledger");`,
      replace: `  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "hand-back");`,
    },
    {
      file: "agent/core/withdrawal-host.ts",
      find: `  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "wipe-directories");`,
      replace: `  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "clear-ledger");`,
    },
  ],
} satisfies Mutant;
