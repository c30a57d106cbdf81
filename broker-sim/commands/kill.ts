import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { isTerminalExecution } from "../../protocol/execution-states.ts";
import type { ExecutionView, KillRequest } from "../../protocol/executions.ts";
import type { OperatorClient } from "../io/operator-client.ts";
import { askUntil } from "./ask-until.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";
import { type PatienceOption, patienceMsOf, patienceOption } from "./patience-option.ts";

interface KillOptions extends BrokerOption, PatienceOption {
  readonly reason?: string;
  readonly now?: boolean;
  readonly json?: boolean;
}

/** How often `--wait` asks whether they are gone, in milliseconds. */
const pollIntervalMs = 50;

const exitCodes = `

Exit codes:
  0   asked to end, and with --wait ended
  1   refused
  2   asked to end, and --wait does not know whether they have: the broker did
      not answer for too long
  64  wrong usage; nothing was asked`;

/** `broker-sim kill`: ends one agent that the broker started. */
export function killCommand(finish: Finish): Command {
  return withKillOptions(new Command("kill"))
    .description("end an agent that the broker started: asked first, and then by force")
    .argument("<execution>", "its id, as `broker-sim executions` lists it")
    .addHelpText(
      "after",
      `\nExamples:\n  $ broker-sim kill exec-k3f9a1-2 --wait\n  $ broker-sim kill exec-k3f9a1-2 --now${exitCodes}`,
    )
    .action(async (executionId: string, options: KillOptions) => {
      const patienceMs = patienceMsOf(options);
      const client = clientFor(options);
      const { state } = await client.kill(executionId, requestOf(options));
      const asked = [executionId];
      finish(await report(client, state === "killed" ? [] : asked, { ...options, asked, patienceMs }));
    });
}

/** `broker-sim killswitch`: ends all of them. */
export function killswitchCommand(finish: Finish): Command {
  return withKillOptions(new Command("killswitch"))
    .description("end every agent that the broker started")
    .addHelpText(
      "after",
      `\nExamples:\n  $ broker-sim killswitch --wait\n  $ broker-sim killswitch --now --json${exitCodes}`,
    )
    .action(async (options: KillOptions) => {
      const patienceMs = patienceMsOf(options);
      const client = clientFor(options);
      const asked = await client.killAll(requestOf(options));
      finish(await report(client, asked, { ...options, asked, patienceMs }));
    });
}

function withKillOptions(command: Command): Command {
  return withBrokerOption(command)
    .option("--reason <text>", "for the lists and the log")
    .option("--now", "without the time in which it hands its jobs back")
    .option("--wait", "until nothing of it runs any more")
    .addOption(patienceOption())
    .option("--json", "print the result as JSON");
}

function requestOf({ reason = "asked by the operator", now = false }: KillOptions): KillRequest {
  return { reason: reason.slice(0, 500), now };
}

async function report(
  client: OperatorClient,
  waiting: readonly string[],
  { asked, patienceMs, ...options }: KillOptions & { asked: readonly string[]; patienceMs: number },
): Promise<ExitCode> {
  const ended = options.wait === true && waiting.length > 0 ? await follow(client, waiting, patienceMs) : [];
  if (options.json === true) process.stdout.write(`${JSON.stringify({ executionIds: asked, ended })}\n`);
  else if (asked.length === 0) process.stdout.write("No agent runs that the broker started.\n");
  else for (const one of asked) process.stdout.write(`${one} ${options.wait === true ? "has ended" : "is to end"}.\n`);
  return ExitCode.pass;
}

/** Waits until all have ended. @returns them in that order */
async function follow(
  client: OperatorClient,
  executionIds: readonly string[],
  patienceMs: number,
): Promise<ExecutionView[]> {
  const ended = new Map<string, ExecutionView>();
  await askUntil({
    ask: async () => {
      const going = executionIds.filter((one) => !ended.has(one));
      return await Promise.all(going.map(async (one) => await client.execution(one)));
    },
    hear(executions) {
      for (const one of executions) if (isTerminalExecution(one.state)) ended.set(one.executionId, one);
      return ended.size === executionIds.length;
    },
    ...{ pollIntervalMs, patienceMs },
    tell: (line) => void process.stderr.write(`${line}\n`),
    meanwhile: "The order to end was taken",
    next: "`broker-sim executions` says what becomes of them.",
  });
  return executionIds.flatMap((one) => ended.get(one) ?? []);
}
