import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { notRunning, silent } from "./not-running.ts";
import { reachAgent } from "./reach-agent.ts";
import { reasonOption } from "./reason-option.ts";

const answerWithinMs = 10_000;

export function resumeCommand(finish: Finish): Command {
  return withHome(new Command("resume"))
    .description("Lets every job go on where it stopped, and takes new ones again.")
    .addOption(reasonOption())
    .option("--json", "what was measured, as one JSON object")
    .action(async (options: { home?: string; json?: boolean; reason?: string }) => {
      const paths = pathsOf(options);
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      const reached = await reachAgent(paths, { command: "resume", ...reason }, { timeoutMs: answerWithinMs });
      if (reached.kind === "silent") throw silent(paths, reached.pid);
      if (reached.kind === "nobody") throw notRunning(paths);
      const { answer } = reached;
      const resumeMs = answer.resumeMs ?? 0;
      const words = `Resumed in ${resumeMs.toFixed(1)} ms.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify({ resumeMs })}\n` : words);
      finish(ExitCode.pass);
    });
}
