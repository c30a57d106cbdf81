import { Command } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { JoinTokenView } from "../../protocol/join-tokens.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { table } from "./table.ts";

const expiresInMsDefault = 3_600_000;

/** `broker-sim token`: join tokens that let one agent in each, and expire. */
export function tokenCommand(finish: Finish): Command {
  const command = new Command("token").description("make, list and revoke join tokens, each for one agent");
  command.addCommand(createCommand(finish));
  command.addCommand(listCommand(finish));
  command.addCommand(revokeCommand(finish));
  return command.addHelpText(
    "after",
    "\nExamples:\n  $ broker-sim token create --expires 600000\n  $ broker-sim token list",
  );
}

function createCommand(finish: Finish): Command {
  return withBrokerOption(new Command("create"))
    .description("make a join token; it is printed this once, and kept as a digest")
    .option("--expires <ms>", `when it expires, in milliseconds from now (default: ${expiresInMsDefault})`, readMs)
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ broker-sim token create --expires 600000\n  $ broker-sim token create --json | jq -r .joinToken",
    )
    .action(async (options: BrokerOption & { expires?: number; json?: boolean }) => {
      const created = await clientFor(options).createJoinToken(options.expires ?? expiresInMsDefault);
      const until = new Date(created.expiresAt).toISOString();
      const text = `${created.joinToken}\nIt lets one agent in, until ${until}. Its id is ${created.tokenId}.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify(created)}\n` : text);
      finish(ExitCode.pass);
    });
}

function listCommand(finish: Finish): Command {
  return withBrokerOption(new Command("list"))
    .description("list the join tokens that have not expired, without the tokens themselves")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim token list")
    .action(async (options: BrokerOption & { json?: boolean }) => {
      const joinTokens = await clientFor(options).joinTokens();
      process.stdout.write(options.json === true ? `${JSON.stringify({ joinTokens })}\n` : tokenTable(joinTokens));
      finish(ExitCode.pass);
    });
}

function revokeCommand(finish: Finish): Command {
  return withBrokerOption(new Command("revoke"))
    .description("revoke a join token; an agent that joined with it stays")
    .argument("<token>", "its id, as `broker-sim token list` shows it")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim token revoke 3f2a9c1b7d5e")
    .action(async (tokenId: string, options: BrokerOption & { json?: boolean }) => {
      await clientFor(options).revokeJoinToken(tokenId);
      const text = `The join token ${tokenId} is revoked.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify({ ok: true, tokenId })}\n` : text);
      finish(ExitCode.pass);
    });
}

function tokenTable(tokens: readonly JoinTokenView[]): string {
  if (tokens.length === 0) return "No join tokens.\n";
  const rows = tokens.map(({ tokenId, expiresAt, usedBy }) => [
    tokenId,
    new Date(expiresAt).toISOString(),
    usedBy?.slice(0, 12) ?? "-",
  ]);
  return table(["TOKEN", "EXPIRES", "USED BY"], rows);
}

function readMs(text: string): number {
  const ms = Number(text);
  if (/^\d{1,11}$/.test(text) && ms >= 1 && ms <= 31_536_000_000) return ms;
  throw new UsageError(`${text} is no time in milliseconds.`, {
    code: "usage",
    next: "Give --expires a whole number up to a year.",
  });
}
