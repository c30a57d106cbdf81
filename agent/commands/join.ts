import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

import { Command, Option } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { limits } from "../../foundation/limits.ts";
import type { MissingRecords } from "../../protocol/history-with-gaps.ts";
import { historyVariable, joinTokenVariable } from "../../protocol/job-environment.ts";
import type { Ending } from "../core/effect.ts";
import { autostartNames } from "../autostart/port.ts";
import { AgentError } from "../io/agent-error.ts";
import { leaveExitCode } from "../io/exit-file.ts";
import { closeInherited } from "../io/inherited-files.ts";
import { closeKeptConnections } from "../io/kept-connections.ts";
import type { ReadyAgent } from "../main.ts";
import { defaultJobLimits } from "../sandbox/job-limits.ts";
import { activityOf, withActivity } from "./activity-options.ts";
import { startDaemon } from "./daemon.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { type JoinOptions, termsOf } from "./join-options.ts";
import { wholeNumber } from "./whole-number.ts";

const intervalMsMax = 86_400_000;
const memoryMibMax = 1024 ** 2;
const processesMaxMax = 100_000;
const cpusMaxMax = 4_096;

export function joinCommand(finish: Finish): Command {
  return withActivity(withHome(new Command("join")))
    .description(
      "Joins a broker and works for it; on a home that has joined before, goes on where it was, with every option of before that is not given anew.",
    )
    .option("--broker <url>", "the broker's address")
    .option("--token <token>", `the broker's join token; or in the environment as ${joinTokenVariable}`)
    .option(
      "--slots <n>",
      "how many jobs at once; by default one less than there are processors",
      wholeNumber({ min: 1, max: limits.slotsMax }),
    )
    .option("--foreground", "stay, and log to stderr, instead of going to the background")
    .option("--json", "one JSON line once it has joined")
    .addOption(
      new Option(
        "--sandbox <driver>",
        "how jobs are confined; by default the strongest that works here (auto)",
      ).choices(["auto", "bubblewrap", "process"]),
    )
    .addOption(
      new Option(
        "--job-network <network>",
        "a job's network under bubblewrap: none but its own loopback, or the host's",
      ).choices(["none", "host"]),
    )
    .option(
      "--job-read <path>",
      "a file, or a directory with all that is in it, that jobs may read under bubblewrap, beside this host's programs and settings; may be given more than once",
      several,
    )
    .addOption(new Option("--job-read-nothing", "forget the paths of before").conflicts("jobRead"))
    .option(
      "--job-memory <MiB>",
      "the most memory that a job may take; by default half of the host's, where a cgroup counts it",
      wholeNumber({ min: 16, max: memoryMibMax }),
    )
    .option(
      "--job-processes <n>",
      `the most processes that a job may have (default ${defaultJobLimits.processesMax})`,
      wholeNumber({ min: 16, max: processesMaxMax }),
    )
    .option(
      "--job-cpus <n>",
      "the most processors that a job may use, where a cgroup counts them; by default all",
      wholeNumber({ min: 1, max: cpusMaxMax }),
    )
    .option(
      "--checkpoint-interval <ms>",
      "how often running jobs are checkpointed, instead of the broker's default",
      wholeNumber({ min: 100, max: intervalMsMax }),
    )
    .addOption(
      new Option(
        "--autostart <how>",
        "have it started again with this host, until it withdraws: by a line in this user's crontab, a unit of this user's or the host's systemd, a launchd agent; none takes away what was installed (default: leave it as it is, which is none at first)",
      ).choices([...autostartNames, "none"]),
    )
    .addOption(new Option("--log-in-home").hideHelp())
    .addOption(new Option("--token-on-stdin").hideHelp())
    .action(async (options: JoinOptions) => {
      closeInherited();
      const token = tokenOf(options);
      // Neither jobs nor anything else that is started from here is to see it.
      delete process.env[joinTokenVariable];
      leaveExitCode(process.env);
      const wish: JoinOptions = {
        ...options,
        ...(token === undefined ? {} : { token }),
        ...(options.jobRead === undefined ? {} : { jobRead: options.jobRead.map(readable) }),
      };
      brokerOf(wish);
      finish(options.foreground === true ? await runHere(wish) : await startDaemon(wish));
    });
}

async function runHere(options: JoinOptions): Promise<number> {
  const paths = pathsOf(options);
  let said = false;
  // Here and no earlier: every command is to act as soon as it can, and only this one needs all of the agent.
  const { runAgent } = await import("../main.ts");
  const { ending, report, homeGone, unrecorded } = await runAgent({
    paths,
    join: {
      broker: brokerOf(options),
      joinToken: options.token ?? null,
      slots: options.slots ?? null,
      autostart: options.autostart === undefined ? null : { name: options.autostart },
      terms: termsOf(options),
      activity: activityOf(options, paths),
    },
    withdraw: null,
    environment: process.env,
    logInHome: options.logInHome === true,
    quiet: false,
    onReady: (ready) => {
      said = true;
      if (options.json === true) process.stdout.write(`${JSON.stringify(readyLine(ready))}\n`);
    },
    closeConnections: closeKeptConnections,
  });
  if (homeGone) throw lostHome(paths.home, report?.clean === true);
  // A start that only finished an interrupted withdrawal does not join: the owner's last word was to leave.
  if (!said && report !== null && options.json === true) {
    const { agentId, instanceId } = report;
    const state = report.clean ? "Withdrawn" : "Withdrawing";
    process.stdout.write(`${JSON.stringify({ agentId, instanceId, pid: process.pid, state, home: paths.home })}\n`);
  }
  const exitCode = exitCodeOf(ending);
  if (exitCode === ExitCode.pass && unrecorded !== null) throw incompleteHistory(unrecorded);
  return exitCode;
}

/** Exit 1: whoever judges the run by its history is told that it is not all there, which its end cannot say. */
function incompleteHistory({ records, why }: MissingRecords): AgentError {
  const path = process.env[historyVariable];
  return new AgentError(
    `The agent has ended as it was told, and ${records} records are missing in its history ${path}: ${why}.`,
    { code: "history-incomplete", next: "Make room where the history goes; the work itself is not touched by that." },
  );
}

function tokenOf({ token, tokenOnStdin }: JoinOptions): string | undefined {
  return tokenOnStdin === true ? readFileSync(process.stdin.fd, "utf8") : (token ?? process.env[joinTokenVariable]);
}

function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** @throws UsageError `bad-path` */
function readable(given: string): string {
  const path = resolve(given);
  if (given !== "" && existsSync(path)) return path;
  throw new UsageError(`There is nothing at ${path} that jobs could read.`, {
    code: "bad-path",
    next: "Name a file or directory that is there with --job-read.",
  });
}

function exitCodeOf(ending: Ending): number {
  switch (ending.how) {
    case "shutdown":
      return ExitCode.pass;
    case "withdrawn":
      return ending.clean ? ExitCode.pass : ExitCode.fail;
    case "interrupted":
      return ExitCode.interrupted;
    case "refused":
      throw refusal(ending);
  }
}

function refusal({ code, message, fresh }: Extract<Ending, { how: "refused" }>): Error {
  const text = `The broker refuses this agent: ${message}`;
  if (code === "bad-join-token") {
    return new UsageError(text, {
      code,
      next: "Ask the broker's operator for its current join token, and join again.",
    });
  }
  const next = fresh
    ? "Ask the broker's operator why, and join again."
    : "Run `donor-agent withdraw` to clear this home, and join anew.";
  return new AgentError(text, { code, next });
}

function lostHome(home: string, clean: boolean): AgentError {
  return new AgentError(`The home ${home} was removed while the agent ran; it ended its jobs and left the broker.`, {
    code: "home-gone",
    next: clean
      ? "Nothing of it is left on this host. Join anew if you want to, and leave with `donor-agent withdraw`."
      : `Something is left on this host: see \`donor-agent withdraw --home ${home}\`.`,
  });
}

function readyLine({ status, home, control, driver, cannot }: ReadyAgent) {
  const { agentId, instanceId, pid, state } = status;
  return { agentId, instanceId, pid, state, home, control, driver, cannot };
}

function brokerOf({ broker }: JoinOptions): URL | null {
  if (broker === undefined) return null;
  const url = URL.canParse(broker) ? new URL(broker) : null;
  const why = url === null ? "" : whyNoBroker(url);
  if (url !== null && why === null) return url;
  // What is wrong with it may be a password, which is not to be repeated.
  const hasSecret = url !== null && url.username + url.password !== "";
  throw new UsageError(`${hasSecret ? url.host : JSON.stringify(broker)} is not the address of a broker${why}.`, {
    code: "bad-broker",
    next: "Give it as a URL of scheme, host and port alone, like --broker http://127.0.0.1:7077.",
  });
}

/** Requests are signed for the broker's origin, and its routes begin at the root: anything else would be left out. */
function whyNoBroker(url: URL): string | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") return `: it speaks http or https, not ${url.protocol}`;
  if (url.username !== "" || url.password !== "") return ": it takes a join token, and no user or password";
  if (url.href !== `${url.origin}/`) return ": it has no path, query or fragment";
  return null;
}
