import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { Command, Option } from "commander";
import { type Logger, pino } from "pino";

import { AssertionError } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { UsageError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { historyVariable } from "../../protocol/job-environment.ts";
import type { Finish } from "./finish.ts";
import type { RunningBroker } from "../io/broker-server.ts";
import { openHistoryFile } from "../io/history-file.ts";
import { readTiming } from "./read-timing.ts";
import { signalled } from "./signals.ts";

interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly store?: "memory" | "sqlite";
  readonly data?: string;
  readonly joinToken?: string;
  readonly timing?: string;
  readonly logLevel?: string;
  readonly agent?: string;
  readonly json?: boolean;
}

const defaults = { host: "127.0.0.1", port: 7077, store: "sqlite", logLevel: "info" } as const;

/** `broker-sim serve`: runs a broker until a signal ends it. */
export function serveCommand(finish: Finish): Command {
  return new Command("serve")
    .description("run a broker until SIGTERM or SIGINT")
    .option("--host <address>", `address to listen on (default: ${defaults.host}; others are reachable by others)`)
    .option("--port <number>", `port to listen on, 0 for any free one (default: ${defaults.port})`, readPort)
    .addOption(
      new Option("--store <kind>", `where jobs and agents are kept (default: ${defaults.store})`).choices([
        "memory",
        "sqlite",
      ]),
    )
    .option("--data <directory>", "directory of the sqlite store (default: $XDG_STATE_HOME/houseguest-broker)")
    .option("--join-token <token>", "what an agent needs to join (default: random, printed)")
    .option("--timing <json>", "times in milliseconds as a JSON object, or the path of a file that holds one")
    .option("--log-level <level>", `trace, debug, info, warn, error or silent (default: ${defaults.logLevel})`)
    .option("--agent <path>", "the program that `broker-sim spawn` starts (default: this package's donor-agent)")
    .option("--json", "print one line of JSON when listening: url, joinToken, store, pid")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim serve
  $ broker-sim serve --store memory --port 0 --json
  $ broker-sim serve --timing '{"heartbeatIntervalMs":1000,"activityTimeoutMs":3000,"leaseTtlMs":10000,"offerTtlMs":5000}'

Exit codes: 0 ended by a signal · 1 the store or the history failed while running · 64 wrong usage, port in use, store locked or damaged`,
    )
    .action(async (options: ServeOptions) => finish(await serve(options)));
}

async function serve(options: ServeOptions): Promise<ExitCode> {
  const { host = defaults.host, port = defaults.port, store: kind = defaults.store, joinToken } = options;
  const timing = readTiming(options.timing);
  // Loaded only here: the server is by far the largest part, and the other commands do without.
  const { isLoopback, startBroker } = await import("../io/broker-server.ts");
  const log = openLog(options.logLevel ?? defaults.logLevel);
  if (kind === "memory" && options.data !== undefined) {
    throw new UsageError("--data has no meaning with --store memory.", {
      code: "usage",
      next: "Leave out one of the two.",
    });
  }
  const store = kind === "memory" ? { kind } : { kind, directory: options.data ?? dataDirectory() };
  // Waited for before anything is started, so that no signal is missed.
  const stop = signalled(["SIGTERM", "SIGINT", "SIGHUP"]);
  const history = openHistoryFile({
    path: process.env[historyVariable],
    source: `broker-${process.pid}`,
    clock: systemClock,
  });
  try {
    const { record } = history;
    const token = joinToken === undefined ? {} : { joinToken };
    const agent = options.agent === undefined ? {} : { agentCommand: agentCommand(options.agent) };
    const broker = await startBroker({ host, port, timing, store, log, record, ...token, ...agent });
    announce(broker, { json: options.json === true, store: kind });
    if (!isLoopback(host)) {
      log.warn(
        { host },
        "this broker can be reached from other machines, and its job and agent lists are open to them",
      );
    }
    const reason = await Promise.race([stop.signal, broker.failed.catch((error: unknown) => ({ error }))]);
    const failed = typeof reason === "object";
    if (failed) log.fatal({ err: reason.error }, "the broker cannot go on");
    else log.info({ signal: reason }, "stopping");
    await broker.close();
    record("broker.stopped", { reason: failed ? messageOf(reason.error) : reason });
    if (!failed) return ExitCode.pass;
    return reason.error instanceof AssertionError ? ExitCode.harnessBug : ExitCode.fail;
  } finally {
    stop.unlisten();
    history.close();
  }
}

function announce(broker: RunningBroker, { json, store }: { json: boolean; store: string }): void {
  const { url, joinToken } = broker;
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, joinToken, store, pid: process.pid })}\n`);
    return;
  }
  process.stdout.write(
    `Broker at ${url}, store ${store}. Ctrl-C ends it.\n` +
      `Let an agent in:  donor-agent join --broker ${url} --token ${joinToken}\n` +
      `Give it work:     broker-sim submit --broker ${url} --wait -- COMMAND\n`,
  );
}

function openLog(level: string): Logger {
  const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
  if (!levels.includes(level)) {
    throw new UsageError(`There is no log level ${level}.`, {
      code: "usage",
      next: `Use one of ${levels.join(", ")}.`,
    });
  }
  return pino({ level, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}

/** A module runs on this Node, everything else by itself. */
function agentCommand(path: string): readonly [string, ...string[]] {
  if (!existsSync(path)) {
    throw new UsageError(`There is no program ${path}.`, {
      code: "usage",
      next: "Give --agent the path of a donor-agent, or leave it out.",
    });
  }
  const program = resolve(path);
  return /\.[cm]?js$/.test(program) ? [process.execPath, program] : [program];
}

function dataDirectory(): string {
  const state = process.env["XDG_STATE_HOME"];
  return join(state === undefined || state === "" ? join(homedir(), ".local", "state") : state, "houseguest-broker");
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${text} is not a port.`, { code: "usage", next: "Give --port a number from 0 to 65535." });
}
