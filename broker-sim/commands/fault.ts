import { Argument, Command, Option } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { type FaultKind, type FaultView, PutFault, faultScopes } from "../../protocol/faults.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { wrongFault } from "./fault-words.ts";
import { table } from "./table.ts";

interface AddOptions extends BrokerOption {
  readonly for: string;
  readonly route?: string;
  readonly agent?: string;
  readonly first?: string;
  readonly delay?: string;
  readonly status?: string;
  readonly code?: string;
  readonly answer?: boolean;
  readonly after?: string;
  readonly ahead?: string;
  readonly writes?: string;
  readonly json?: boolean;
}

const kinds = Object.keys(faultScopes) as FaultKind[];

/** `broker-sim fault`: has a broker that was started with --faults misbehave, and undoes it. */
export function faultCommand(finish: Finish): Command {
  const command = new Command("fault").description("order misbehaviour of a broker that runs with --faults");
  command.addCommand(addCommand(finish));
  command.addCommand(listCommand(finish));
  command.addCommand(removeCommand(finish));
  return command.addHelpText(
    "after",
    `
Examples:
  $ broker-sim fault add latency --delay 2000 --for 60000 \\
      --route 'POST /api/v1/agent/heartbeat'
  $ broker-sim fault list
  $ broker-sim fault remove fault-1`,
  );
}

function addCommand(finish: Finish): Command {
  return withBrokerOption(new Command("add"))
    .description("put a fault in force; it ends by itself")
    .addArgument(new Argument("<kind>", "what goes wrong").choices(kinds))
    .requiredOption("--for <ms>", "when it ends by itself, in milliseconds from now, an hour at the most")
    .option("--route <route>", "only there: METHOD PATH as /documentation names it (default: every call of agents)")
    .option("--agent <id>", "only for this agent, by its whole id")
    .option("--first <number>", "only the first so many times")
    .option("--answer", "the request is heeded, and its answer is late, lost or another one (default: the request)")
    .option("--delay <ms>", "latency: by how much")
    .option("--status <number>", "status: the HTTP status, 400 to 599")
    .addOption(new Option("--code <code>", "status: the problem's code (default: internal)"))
    .option("--after <bytes>", "truncate: how much of the body is sent")
    .option("--ahead <ms>", "wrong-clock: by how much, negative for behind")
    .option("--writes <number>", "forget-writes: how many of the last are lost with the broker's end")
    .option("--json", "print the rule as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim fault add status --status 503 --first 3 --for 60000
  $ broker-sim fault add reset --answer --for 10000 \\
      --route 'POST /api/v1/leases/:leaseId/complete'
  $ broker-sim fault add wrong-clock --ahead=-600000 --for 30000`,
    )
    .action(async (kind: FaultKind, options: AddOptions) => {
      const rule = await clientFor(options).putFault(readFault(kind, options));
      const text = `${rule.ruleId} is in force: ${kind}, until ${new Date(rule.expiresAt).toISOString()}.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify(rule)}\n` : text);
      finish(ExitCode.pass);
    });
}

function listCommand(finish: Finish): Command {
  return withBrokerOption(new Command("list"))
    .description("list the faults in force and those that ended, with how often each had an effect")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim fault list")
    .action(async (options: BrokerOption & { json?: boolean }) => {
      const faults = await clientFor(options).faults();
      process.stdout.write(options.json === true ? `${JSON.stringify({ faults })}\n` : faultTable(faults));
      finish(ExitCode.pass);
    });
}

function removeCommand(finish: Finish): Command {
  return withBrokerOption(new Command("remove"))
    .description("undo a fault before it ends by itself")
    .argument("<rule>", "its id, as `broker-sim fault list` shows it")
    .option("--json", "print the rule as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim fault remove fault-1")
    .action(async (ruleId: string, options: BrokerOption & { json?: boolean }) => {
      const rule = await clientFor(options).removeFault(ruleId);
      const text = `${ruleId} is undone. It had ${hits(rule)}.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify(rule)}\n` : text);
      finish(ExitCode.pass);
    });
}

function readFault(kind: FaultKind, options: AddOptions): PutFault {
  const phase = options.answer === true ? "answer" : undefined;
  const fields = {
    ...{ delayMs: options.delay, status: options.status, afterBytes: options.after },
    ...{ aheadMs: options.ahead, writes: options.writes },
  };
  const { route, code, agent: agentId, first, for: expiresInMs } = options;
  const numbers = Object.entries(fields).flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)]]));
  const parsed = PutFault.safeParse({
    fault: {
      kind,
      ...Object.fromEntries(numbers),
      ...(options.code === undefined ? {} : { code: options.code }),
      ...(phase === undefined ? {} : { phase }),
    },
    expiresInMs: Number(options.for),
    ...(options.route === undefined ? {} : { route: options.route }),
    ...(options.agent === undefined ? {} : { agentId: options.agent }),
    ...(options.first === undefined ? {} : { first: Number(options.first) }),
  });
  if (parsed.success) return parsed.data;
  throw wrongFault(kind, parsed.error.issues, { ...fields, route, code, phase, agentId, first, expiresInMs });
}

function faultTable(faults: readonly FaultView[]): string {
  if (faults.length === 0) return "No faults.\n";
  const head = ["RULE", "KIND", "ROUTE", "AGENT", "EFFECTS", "STATE"];
  return table(
    head,
    faults.map((rule) => [
      rule.ruleId,
      rule.fault.kind,
      rule.route ?? "-",
      rule.agentId?.slice(0, 12) ?? "-",
      hits(rule),
      rule.ended?.how ?? `until ${new Date(rule.expiresAt).toISOString()}`,
    ]),
  );
}

/** A fault that did nothing is not to be taken for one that was borne. */
function hits({ hits: count }: FaultView): string {
  if (count === 0) return "no effect";
  return count === 1 ? "1 effect" : `${count} effects`;
}
