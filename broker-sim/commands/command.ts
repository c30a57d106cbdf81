import { Argument, Command } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { AgentCommand } from "../../protocol/messages.ts";
import type { Finish } from "./finish.ts";
import type { OperatorClient } from "../io/operator-client.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";

/** `broker-sim command`: sends an agent a command over its event stream. */
export function commandCommand(finish: Finish): Command {
  return withBrokerOption(new Command("command"))
    .description("tell an agent to pause, to resume, or to shut down")
    .argument("<agent>", "the agent's id, or its first characters")
    .addArgument(new Argument("<command>", "what it is told").choices(["pause", "resume", "goodbye"]))
    .option("--reason <text>", "why, for the agent's log")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ broker-sim command 3f2a9c pause\n  $ broker-sim command 3f2a9c goodbye --reason maintenance",
    )
    .action(
      async (
        prefix: string,
        command: AgentCommand["command"],
        options: BrokerOption & { reason?: string; json?: boolean },
      ) => {
        const client = clientFor(options);
        const agentId = await findAgent(client, prefix);
        await client.command(agentId, { command, reason: options.reason ?? "asked by the operator" });
        const text = `${command} was sent to agent ${agentId.slice(0, 12)}.\n`;
        process.stdout.write(options.json === true ? `${JSON.stringify({ ok: true, agentId, command })}\n` : text);
        finish(ExitCode.pass);
      },
    );
}

async function findAgent(client: OperatorClient, prefix: string): Promise<string> {
  const matches = (await client.agents()).filter((agent) => agent.agentId.startsWith(prefix.toLowerCase()));
  const [first, second] = matches;
  if (first !== undefined && second === undefined) return first.agentId;
  throw new UsageError(
    first === undefined
      ? `No agent's id begins with ${prefix}.`
      : `${matches.length} agents' ids begin with ${prefix}.`,
    { code: "unknown-agent", next: "`broker-sim agents` lists them; give enough characters to name one." },
  );
}
