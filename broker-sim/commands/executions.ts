import { Command, Option } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { type ExecutionState, executionStates } from "../../protocol/execution-states.ts";
import type { ExecutionView } from "../../protocol/executions.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";
import { printable, table } from "./table.ts";

/** `broker-sim executions`: lists the agents that the broker has started on its host. */
export function executionsCommand(finish: Finish): Command {
  return withBrokerOption(new Command("executions"))
    .alias("ps")
    .description("list the agents that the broker started on its host")
    .addOption(new Option("--state <state>", "only those in this state").choices(executionStates))
    .option("--json", "print the broker's answer as JSON")
    .addHelpText("after", "\nExamples:\n  $ broker-sim executions\n  $ broker-sim ps --state running --json")
    .action(async (options: BrokerOption & { state?: ExecutionState; json?: boolean }) => {
      const executions = await clientFor(options).executions(options.state);
      process.stdout.write(options.json === true ? `${JSON.stringify({ executions })}\n` : executionTable(executions));
      finish(ExitCode.pass);
    });
}

function executionTable(executions: readonly ExecutionView[]): string {
  if (executions.length === 0) return "No executions.\n";
  return table(
    ["EXECUTION", "STATE", "PID", "SLOTS", "STARTED", "ENDED", "NAME", "ERROR"],
    executions.map(({ executionId, state, pid, spec, startedAt, completedAt, error }) => [
      executionId,
      state,
      pid === null ? "" : String(pid),
      String(spec.slots),
      moment(startedAt),
      moment(completedAt),
      printable(spec.name ?? ""),
      printable(error ?? "").slice(0, 100),
    ]),
  );
}

function moment(wallMs: number | null): string {
  return wallMs === null ? "" : new Date(wallMs).toISOString();
}
