import type { Mutant } from "../mutant.ts";

export default {
  name: "lease-renewed-after-expiry",
  breaks: "I1",
  why: "Deadlines are looked at after the request instead of before it, so a heartbeat that comes too late still renews.",
  patches: [
    {
      file: "broker-sim/core/apply.ts",
      find: `  runDeadlines(turn);
  const handler = handlers[input.type] as BrokerHandler<T, Turn>;
  const response = handler(turn, input);`,
      replace: `  const handler = handlers[input.type] as BrokerHandler<T, Turn>;
  const response = handler(turn, input);
  runDeadlines(turn);`,
    },
  ],
} satisfies Mutant;
