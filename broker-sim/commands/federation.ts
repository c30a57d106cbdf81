import { Command } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ConnectionView } from "../../protocol/federation.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";
import { printable, table } from "./table.ts";

interface JsonOption extends BrokerOption {
  readonly json?: boolean;
}

const states = { suspend: "suspended", resume: "active", revoke: "revoked" } as const;

/** `broker-sim federation`: the connections of this broker to others. */
export function federationCommand(finish: Finish): Command {
  // Set here too: what its own commands inherit is copied before it inherits anything itself.
  const program = new Command("federation")
    .exitOverride()
    .showHelpAfterError("(broker-sim federation --help shows what there is)")
    .description("let another broker start agents on this one's host, or become the hub of another")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim federation invite --name office          at the spoke
  $ broker-sim federation accept INVITATION --name lab  at the hub
  $ broker-sim federation list
  $ broker-sim federation suspend conn-0123456789abcdef`,
    );
  program.addCommand(inviteCommand(finish).copyInheritedSettings(program));
  program.addCommand(acceptCommand(finish).copyInheritedSettings(program));
  program.addCommand(listCommand(finish).copyInheritedSettings(program));
  for (const name of ["suspend", "resume", "revoke"] as const) {
    program.addCommand(stateCommand(name, finish).copyInheritedSettings(program));
  }
  return program;
}

function inviteCommand(finish: Finish): Command {
  return withBrokerOption(new Command("invite"))
    .description("print an invitation: whoever accepts it first may start agents on this broker's host")
    .requiredOption("--name <text>", "whom it is for")
    .option("--url <url>", "where the hub reaches this broker (default: where it listens)")
    .option("--valid <minutes>", "how long it is good for (default: 60)", readMinutes)
    .option("--json", "print the connection and the invitation as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim federation invite --name office --url http://10.0.0.7:7077")
    .action(
      async ({ name, url, valid, json, ...options }: JsonOption & { name: string; url?: string; valid?: number }) => {
        const where = url === undefined ? {} : { url };
        const until = valid === undefined ? {} : { validMs: valid * 60_000 };
        const invited = await clientFor(options).invite({ name, ...where, ...until });
        process.stdout.write(json === true ? `${JSON.stringify(invited)}\n` : `${invited.invitation}\n`);
        finish(ExitCode.pass);
      },
    );
}

function acceptCommand(finish: Finish): Command {
  return withBrokerOption(new Command("accept"))
    .description("become the hub of the broker that the invitation is from")
    .argument("<invitation>", "what `broker-sim federation invite` printed there")
    .option("--name <text>", "a name for the connection, on both sides", "hub")
    .option("--json", "print the connection as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim federation accept eyJjb25uZ… --name lab")
    .action(async (invitation: string, { name, json, ...options }: JsonOption & { name: string }) => {
      const connection = await clientFor(options).acceptInvitation({ invitation, name });
      say(connection, json === true);
      finish(ExitCode.pass);
    });
}

function listCommand(finish: Finish): Command {
  return withBrokerOption(new Command("list"))
    .description("list the connections")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim federation list --json")
    .action(async ({ json, ...options }: JsonOption) => {
      const connections = await clientFor(options).connections();
      process.stdout.write(json === true ? `${JSON.stringify({ connections })}\n` : connectionTable(connections));
      finish(ExitCode.pass);
    });
}

function stateCommand(name: keyof typeof states, finish: Finish): Command {
  const means = {
    suspend: "refuse every command over a connection until it is resumed",
    resume: "take commands over a suspended connection again",
    revoke: "end a connection for good",
  };
  return withBrokerOption(new Command(name))
    .description(means[name])
    .argument("<connection>", "its id, as `broker-sim federation list` shows it")
    .option("--json", "print the connection as JSON")
    .addHelpText("after", `\nExample:\n  $ broker-sim federation ${name} conn-0123456789abcdef`)
    .action(async (connectionId: string, { json, ...options }: JsonOption) => {
      say(await clientFor(options).setConnection(connectionId, states[name]), json === true);
      finish(ExitCode.pass);
    });
}

function say(connection: ConnectionView, json: boolean): void {
  const { connectionId, state, side } = connection;
  process.stdout.write(json ? `${JSON.stringify({ connection })}\n` : `${connectionId} is ${state}, as ${side}.\n`);
}

function connectionTable(connections: readonly ConnectionView[]): string {
  if (connections.length === 0) return "No connections.\n";
  return table(
    ["CONNECTION", "AS", "STATE", "SINCE", "SPOKE", "NAME"],
    connections.map(({ connectionId, side, state, changedAt, peerUrl, name }) => [
      connectionId,
      side,
      state,
      new Date(changedAt).toISOString(),
      printable(peerUrl ?? ""),
      printable(name),
    ]),
  );
}

function readMinutes(text: string): number {
  const minutes = Number(text);
  if (/^\d{1,5}$/.test(text) && minutes >= 1 && minutes <= 10_080) return minutes;
  throw new UsageError(`${text} is not a number of minutes.`, {
    code: "usage",
    next: "Give --valid a whole number from 1 to 10080.",
  });
}
