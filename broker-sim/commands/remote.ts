import { Command } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { SpawnSpec } from "../../protocol/executions.ts";
import type { RemoteView } from "../../protocol/federation.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";
import { printable, table } from "./table.ts";

interface JsonOption extends BrokerOption {
  readonly json?: boolean;
}

/** `broker-sim remote`: agents on the hosts of this hub's spokes. */
export function remoteCommand(finish: Finish): Command {
  // Set here too: what its own commands inherit is copied before it inherits anything itself.
  const program = new Command("remote")
    .exitOverride()
    .showHelpAfterError("(broker-sim remote --help shows what there is)")
    .description("start, list and end agents at a federated broker, through this one")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim remote spawn conn-0123456789abcdef --slots 2
  $ broker-sim remote list
  $ broker-sim remote kill conn-0123456789abcdef 6d0a…`,
    );
  program.addCommand(spawnCommand(finish).copyInheritedSettings(program));
  program.addCommand(listCommand(finish).copyInheritedSettings(program));
  program.addCommand(killCommand(finish).copyInheritedSettings(program));
  return program;
}

function spawnCommand(finish: Finish): Command {
  return withBrokerOption(new Command("spawn"))
    .description("have a spoke start an agent on its host")
    .argument("<connection>", "its id, as `broker-sim federation list` shows it")
    .option("--name <text>", "a name for the lists")
    .option("--slots <number>", "how many jobs it runs at once (default: 1)")
    .option("--json", "print what the spoke answered as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim remote spawn conn-0123456789abcdef --name builder --slots 4")
    .action(
      async (
        connectionId: string,
        { name, slots, json, ...options }: JsonOption & { name?: string; slots?: string },
      ) => {
        const spec = SpawnSpec.safeParse({ name, slots: slots === undefined ? undefined : Number(slots) });
        if (!spec.success) {
          throw new UsageError("That cannot be started.", {
            code: "usage",
            next: "Give --slots a whole number, and --name up to 200 characters.",
          });
        }
        say(await clientFor(options).spawnRemote(connectionId, spec.data), json === true);
        finish(ExitCode.pass);
      },
    );
}

function listCommand(finish: Finish): Command {
  return withBrokerOption(new Command("list"))
    .summary("list the agents at spokes")
    .description("list the agents that spokes have started for this hub")
    .argument("[connection]", "ask this spoke now; without one, as all told last")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ broker-sim remote list\n  $ broker-sim remote list conn-0123456789abcdef --json",
    )
    .action(async (connectionId: string | undefined, { json, ...options }: JsonOption) => {
      const remotes = await clientFor(options).remotes(connectionId);
      process.stdout.write(json === true ? `${JSON.stringify({ remotes })}\n` : remoteTable(remotes));
      finish(ExitCode.pass);
    });
}

function killCommand(finish: Finish): Command {
  return withBrokerOption(new Command("kill"))
    .summary("have a spoke end an agent")
    .description("have a spoke end an agent that it started for this hub")
    .argument("<connection>", "its id")
    .argument("<command>", "the id of the command that started it, as `broker-sim remote list` shows it")
    .option("--reason <text>", "for the lists and the log", "asked by the operator of the hub")
    .option("--now", "without the time in which it hands its jobs back")
    .option("--json", "print what the spoke answered as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim remote kill conn-0123456789abcdef 6d0a2c1e-… --now")
    .action(
      async (
        connectionId: string,
        commandId: string,
        { reason, now = false, json, ...options }: JsonOption & { reason: string; now?: boolean },
      ) => {
        const message = { reason: reason.slice(0, 500), now };
        say(await clientFor(options).killRemote(connectionId, commandId, message), json === true);
        finish(ExitCode.pass);
      },
    );
}

function say(remote: RemoteView, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify({ remote })}\n` : `${remote.commandId} is ${stateOf(remote)}.\n`);
}

function stateOf({ execution, refused }: RemoteView): string {
  if (execution !== null) return execution.state;
  return refused === null ? "not heard of" : `refused (${refused.code})`;
}

function remoteTable(remotes: readonly RemoteView[]): string {
  if (remotes.length === 0) return "No agents at spokes.\n";
  return table(
    ["CONNECTION", "COMMAND", "EXECUTION", "STATE", "NAME"],
    remotes.map((remote) => [
      remote.connectionId,
      remote.commandId,
      remote.execution?.executionId ?? "",
      stateOf(remote),
      printable(remote.spec.name ?? ""),
    ]),
  );
}
