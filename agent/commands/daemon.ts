import { type ChildProcess, spawn } from "node:child_process";

import { withinDeadline } from "../../foundation/deadline.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { steadyNodeFlags } from "../../foundation/steady-node.ts";
import { launcher } from "../autostart/hook.ts";
import { AgentError } from "../io/agent-error.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { activityArguments } from "./activity-options.ts";
import { pathsOf } from "./home-option.ts";
import { type JoinOptions, termsArguments } from "./join-options.ts";

/** How long the command waits for the broker before it leaves the agent to its retries, in milliseconds. */
const joinedWithinMs = 15_000;

/**
 * Starts the agent in a session of its own and waits until it has joined, or says why not.
 *
 * @throws AgentError `not-joined-yet` when the broker does not answer; the agent goes on trying
 */
export async function startDaemon(options: JoinOptions): Promise<number> {
  const paths = pathsOf(options);
  const child = spawn(process.execPath, [...steadyNodeFlags, launcher, ...argumentsOf(options, paths)], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Arguments and environment stay to be read for as long as the agent lives. Why it does not listen, its end tells.
  child.stdin.on("error", () => undefined).end(options.token ?? "");
  const said = { out: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.errors += text;
  });
  const outcome = await withinDeadline(Promise.race([readyLine(child), exitOf(child)]), {
    ms: joinedWithinMs,
    late: "late" as const,
  });
  if (typeof outcome === "number") {
    process.stderr.write(said.errors);
    if (said.out !== "" && options.json === true) process.stdout.write(said.out);
    return outcome;
  }
  letGo(child);
  if (outcome === "late") {
    throw new AgentError("The agent is up, but the broker has not answered yet; it goes on trying.", {
      code: "not-joined-yet",
      next: `\`donor-agent status --home ${paths.home}\` tells why, and when it has joined. If the address is wrong, end it with \`donor-agent withdraw --home ${paths.home}\`, and join again.`,
    });
  }
  process.stdout.write(options.json === true ? said.out : inWords(said.out));
  return ExitCode.pass;
}

function argumentsOf(options: JoinOptions, paths: HomePaths): string[] {
  const { home } = paths;
  const { broker, slots, autostart } = options;
  return [
    ...["join", "--foreground", "--json", "--log-in-home", "--home", home],
    ...(broker === undefined ? [] : ["--broker", broker]),
    ...(slots === undefined ? [] : ["--slots", String(slots)]),
    ...(autostart === undefined ? [] : ["--autostart", autostart]),
    ...(options.token === undefined ? [] : ["--token-on-stdin"]),
    ...termsArguments(options),
    ...activityArguments(options, paths),
  ];
}

async function readyLine(child: ChildProcess): Promise<"ready"> {
  return await new Promise((resolve) => {
    child.stdout?.on("data", (text: string) => {
      if (text.includes("\n")) resolve("ready");
    });
  });
}

async function exitOf(child: ChildProcess): Promise<number> {
  return await new Promise((resolve) => {
    child.once("error", () => resolve(ExitCode.fail));
    // Both pipes have been read to their end by then.
    child.once("close", (code) => resolve(code ?? ExitCode.fail));
  });
}

function letGo(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function inWords(line: string): string {
  const { agentId, pid, state, home, driver, cannot } = JSON.parse(line) as {
    agentId: string | null;
    driver: string;
    pid: number;
    state: string;
    home: string;
    cannot: string[];
  };
  if (state === "Withdrawn") return `The withdrawal of ${home} that was interrupted is finished; nothing is left.\n`;
  const lines = [
    `Joined as ${agentId?.slice(0, 12)}, pid ${pid}, ${state}, home ${home}.`,
    `Jobs are confined by ${driver}.`,
  ];
  for (const sentence of cannot) lines.push(`Note: ${sentence}`);
  return `${lines.join("\n")}\n`;
}
