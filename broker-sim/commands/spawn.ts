import { Command, Option } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { limits } from "../../foundation/limits.ts";
import { SpawnSpec } from "../../protocol/executions.ts";
import { askUntil } from "./ask-until.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import type { Finish } from "./finish.ts";
import { type PatienceOption, patienceMsOf, patienceOption } from "./patience-option.ts";
import { printable } from "./table.ts";

interface SpawnOptions extends BrokerOption, PatienceOption {
  readonly name?: string;
  readonly slots?: number;
  readonly sandbox?: SpawnSpec["sandbox"];
  readonly json?: boolean;
}

/** How often `--wait` asks whether it runs, in milliseconds. */
const pollIntervalMs = 50;

/** `broker-sim spawn`: has the broker start an agent on its own host. */
export function spawnCommand(finish: Finish): Command {
  return withBrokerOption(new Command("spawn"))
    .description("start an agent on the broker's host; it joins that broker")
    .option("--name <text>", "a name for the lists")
    .option("--slots <number>", "how many jobs it runs at once (default: 1)", readSlots)
    .addOption(
      new Option("--sandbox <driver>", "how its jobs are confined (default: auto)").choices([
        "auto",
        "bubblewrap",
        "process",
      ]),
    )
    .option("--wait", "until it runs; exit 1 if it cannot be started")
    .addOption(patienceOption())
    .option("--json", "print the execution as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim spawn
  $ broker-sim spawn --name builder --slots 4 --wait

Exit codes:
  0   it is being started, and with --wait runs
  1   refused, or it could not be started
  2   it is being started, and --wait does not know whether it runs: the broker
      did not answer for too long
  64  wrong usage`,
    )
    .action(async (options: SpawnOptions) => finish(await spawn(options)));
}

async function spawn({ name, slots, sandbox, ...options }: SpawnOptions): Promise<ExitCode> {
  const asked = SpawnSpec.safeParse({ name, slots, sandbox });
  if (!asked.success) {
    throw new UsageError(`${name} is too long for a name.`, {
      code: "usage",
      next: "Give --name up to 200 characters.",
    });
  }
  const patienceMs = patienceMsOf(options);
  const client = clientFor(options);
  let execution = await client.spawn(asked.data);
  if (options.wait === true && execution.state === "spawning") {
    const { executionId: waitedFor } = execution;
    execution = await askUntil({
      ask: async () => await client.execution(waitedFor),
      hear: ({ state }) => state !== "spawning",
      ...{ pollIntervalMs, patienceMs },
      tell: (line) => void process.stderr.write(`${line}\n`),
      meanwhile: `The order for ${waitedFor} was taken`,
      next: `\`broker-sim executions\` says what becomes of ${waitedFor}.`,
    });
  }
  const { executionId, state, error } = execution;
  const detail = error === null ? "" : `: ${printable(error)}`;
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ execution })}\n` : `${executionId} is ${state}${detail}\n`,
  );
  return state === "failed" ? ExitCode.fail : ExitCode.pass;
}

function readSlots(text: string): number {
  const slots = Number(text);
  if (/^\d{1,3}$/.test(text) && slots >= 1 && slots <= limits.slotsMax) return slots;
  throw new UsageError(`${text} is not a number of slots.`, {
    code: "usage",
    next: `Give --slots a whole number from 1 to ${limits.slotsMax}.`,
  });
}
