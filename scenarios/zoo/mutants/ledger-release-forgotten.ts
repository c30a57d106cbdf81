import type { Mutant } from "../mutant.ts";

export default {
  name: "ledger-release-forgotten",
  breaks: "I11",
  why: "The control socket is removed on the way out, and nobody strikes it off the ledger.",
  patches: [
    {
      file: "scenarios/simulator/world/withdrawal-effects.ts",
      find: "    body.ledger.unmake(`socket:${body.home}/control.sock`);",
      replace: "    body.host.remove(`socket:${body.home}/control.sock`);",
    },
  ],
} satisfies Mutant;
