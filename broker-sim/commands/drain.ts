import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";

/** `broker-sim drain`: takes a broker out of service before it is stopped. */
export function drainCommand(finish: Finish): Command {
  return withBrokerOption(new Command("drain"))
    .description("make no new offers, take no new agents, and say goodbye; lasts until the broker is started anew")
    .option("--reason <text>", "why, for the agents' logs")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim drain --reason maintenance")
    .action(async (options: BrokerOption & { reason?: string; json?: boolean }) => {
      await clientFor(options).drain(options.reason ?? "it is taken out of service");
      const text = "The broker drains: /readyz says so, and its agents hand back their leases.\n";
      process.stdout.write(options.json === true ? `${JSON.stringify({ ok: true })}\n` : text);
      finish(ExitCode.pass);
    });
}
