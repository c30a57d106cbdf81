import { Command } from "commander";

import { present } from "../../foundation/assert.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { askAgent } from "../io/control-client.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { notRunning } from "./not-running.ts";

/** Longer than the agent lets its snapshots take. */
const answerWithinMs = 60_000;

export function pauseCommand(finish: Finish): Command {
  return withHome(new Command("pause"))
    .description("Stops every job of this host at once, and takes no new one until `resume`.")
    .option("--reason <text>", "for the broker and the log")
    .option("--json", "what was measured, as one JSON object")
    .action(async (options: { home?: string; json?: boolean; reason?: string }) => {
      const paths = pathsOf(options);
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      const answer = await askAgent(paths.control, { command: "pause", ...reason }, { timeoutMs: answerWithinMs });
      if (answer === null) throw notRunning(paths);
      const pause = present(answer.pause, "the answer to a pause request holds what was measured");
      const words =
        `Paused: ${pause.frozenSandboxes} sandboxes stopped in ${pause.freezeMs.toFixed(1)} ms, ` +
        `${pause.checkpoints} checkpoints saved in ${pause.snapshotMs.toFixed(0)} ms.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify(pause)}\n` : words);
      finish(ExitCode.pass);
    });
}
