import { setTimeout as wait } from "node:timers/promises";

import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { isTerminalExecution } from "../../protocol/execution-states.ts";
import type { ExecutionView, KillRequest } from "../../protocol/executions.ts";
import type { OperatorClient } from "../io/operator-client.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";

interface KillOptions extends BrokerOption {
  readonly reason?: string;
  readonly now?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** How often `--wait` asks whether they are gone. */
const pollIntervalMs = 50;

/** `broker-sim kill`: ends one agent that the broker started. */
export function killCommand(finish: Finish): Command {
  return withKillOptions(new Command("kill"))
    .description("end an agent that the broker started: asked first, and then by force")
    .argument("<execution>", "its id, as `broker-sim executions` lists it")
    .addHelpText(
      "after",
      "\nExamples:\n  $ broker-sim kill exec-k3f9a1-2 --wait\n  $ broker-sim kill exec-k3f9a1-2 --now",
    )
    .action(async (executionId: string, options: KillOptions) => {
      const client = clientFor(options);
      const { state } = await client.kill(executionId, requestOf(options));
      const asked = [executionId];
      finish(await report(client, state === "killed" ? [] : asked, { ...options, asked }));
    });
}

/** `broker-sim killswitch`: ends all of them. */
export function killswitchCommand(finish: Finish): Command {
  return withKillOptions(new Command("killswitch"))
    .description("end every agent that the broker started")
    .addHelpText("after", "\nExamples:\n  $ broker-sim killswitch --wait\n  $ broker-sim killswitch --now --json")
    .action(async (options: KillOptions) => {
      const client = clientFor(options);
      const asked = await client.killAll(requestOf(options));
      finish(await report(client, asked, { ...options, asked }));
    });
}

function withKillOptions(command: Command): Command {
  return withBrokerOption(command)
    .option("--reason <text>", "for the lists and the log")
    .option("--now", "without the time in which it hands its jobs back")
    .option("--wait", "until nothing of it runs any more")
    .option("--json", "print the result as JSON");
}

function requestOf({ reason = "asked by the operator", now = false }: KillOptions): KillRequest {
  return { reason: reason.slice(0, 500), now };
}

async function report(
  client: OperatorClient,
  waiting: readonly string[],
  { asked, ...options }: KillOptions & { asked: readonly string[] },
): Promise<ExitCode> {
  const ended = options.wait === true ? await Promise.all(waiting.map((one) => follow(client, one))) : [];
  if (options.json === true) process.stdout.write(`${JSON.stringify({ executionIds: asked, ended })}\n`);
  else if (asked.length === 0) process.stdout.write("No agent runs that the broker started.\n");
  else for (const one of asked) process.stdout.write(`${one} ${options.wait === true ? "has ended" : "is to end"}.\n`);
  return ExitCode.pass;
}

async function follow(client: OperatorClient, executionId: string): Promise<ExecutionView> {
  for (;;) {
    const execution = await client.execution(executionId);
    if (isTerminalExecution(execution.state)) return execution;
    await wait(pollIntervalMs);
  }
}
