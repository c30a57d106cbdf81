import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { AgentView } from "../../protocol/messages.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { table } from "./table.ts";

/** `broker-sim agents`: lists the agents in the order in which they enrolled. */
export function agentsCommand(finish: Finish): Command {
  return withBrokerOption(new Command("agents"))
    .description("list the agents")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText("after", "\nExamples:\n  $ broker-sim agents\n  $ broker-sim agents --json | jq '.agents[].standing'")
    .action(async (options: BrokerOption & { json?: boolean }) => {
      const agents = await clientFor(options).agents();
      process.stdout.write(options.json === true ? `${JSON.stringify({ agents })}\n` : agentTable(agents));
      finish(ExitCode.pass);
    });
}

function agentTable(agents: readonly AgentView[]): string {
  if (agents.length === 0) return "No agents.\n";
  const head = ["AGENT", "STANDING", "STATE", "SLOTS", "FREE", "LEASES", "LAST SEEN"];
  return table(
    head,
    agents.map((agent) => [
      agent.agentId.slice(0, 12),
      agent.standing,
      agent.state,
      String(agent.slots),
      String(agent.slotsFree),
      String(agent.leases.length),
      new Date(agent.lastSeenAt).toISOString(),
    ]),
  );
}
