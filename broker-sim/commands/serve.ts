import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { Command } from "commander";
import { type Logger, pino } from "pino";

import { AssertionError } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { UsageError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { historyVariable } from "../../protocol/job-environment.ts";
import { chooseStore } from "./choose-store.ts";
import { dataDirectory } from "./data-directory.ts";
import type { Finish } from "./finish.ts";
import type { RunningBroker } from "../io/broker-server.ts";
import { openHistoryFile } from "../io/history-file.ts";
import { removeOperatorToken, writeOperatorToken } from "../io/operator-token-file.ts";
import { operatorTokenVariable } from "./broker-option.ts";
import { readTiming } from "./read-timing.ts";
import { signalled } from "./signals.ts";

interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly store?: string;
  readonly data?: string;
  readonly takeOver?: boolean;
  readonly allowVolatile?: boolean;
  readonly joinToken?: string;
  readonly operatorToken?: string;
  readonly timing?: string;
  readonly logLevel?: string;
  readonly faults?: boolean;
  readonly singleUseTokens?: boolean;
  readonly allowRemote?: boolean;
  readonly agent?: string;
  readonly json?: boolean;
}

/** What agents have for their last words, once their jobs are ended. */
const goodbyeSpareMs = 5_000;

const defaults = { host: "127.0.0.1", port: 7077, store: "sqlite", logLevel: "info" } as const;

/** `broker-sim serve`: runs a broker until a signal ends it. */
export function serveCommand(finish: Finish): Command {
  return new Command("serve")
    .description("run a broker until SIGTERM, SIGINT or SIGHUP")
    .option(
      "--host <address>",
      `address to listen on (default: ${defaults.host}; any but loopback needs --allow-remote)`,
    )
    .option("--port <number>", `port to listen on, 0 for any free one (default: ${defaults.port})`, readPort)
    .option(
      "--store <kind>",
      `where jobs and agents are kept: memory, sqlite, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] of a Redis or Valkey server, or redis with that in REDIS_URL, where no list of processes shows it (default: ${defaults.store})`,
    )
    .option(
      "--data <directory>",
      "directory of the sqlite store and of the checkpoints (default: $XDG_STATE_HOME/houseguest-broker)",
    )
    .option("--take-over", "redis: take the place of a broker that still is connected to the store, and ends")
    .option("--allow-volatile", "redis: use a server that does not keep on its disk what it takes (appendonly no)")
    .option("--join-token <token>", "what an agent needs to join (default: random, printed)")
    .option(
      "--operator-token <token>",
      `what jobs and commands need (default: $${operatorTokenVariable}, or what the store kept, or random; printed)`,
    )
    .option("--single-use-tokens", "let agents in with tokens of `broker-sim token create` alone, one agent each")
    .option("--allow-remote", "listen on an address that other machines can reach; nothing is encrypted")
    .option("--timing <json>", "times in milliseconds as a JSON object, or the path of a file that holds one")
    .option("--log-level <level>", `trace, debug, info, warn, error or silent (default: ${defaults.logLevel})`)
    .option("--agent <path>", "the program that `broker-sim spawn` starts (default: this package's donor-agent)")
    .option("--faults", "misbehave on the operator's order (`broker-sim fault`); for scenarios, never for real jobs")
    .option("--json", "print one line of JSON when listening: url, joinToken, operatorToken, store, pid")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim serve
  $ broker-sim serve --store memory --port 0 --json
  $ broker-sim serve --store redis://localhost:6379/0?namespace=lab --data /var/lib/houseguest-lab
  $ REDIS_URL=redis://:SECRET@cache.example:6379 broker-sim serve --store redis
  $ broker-sim serve --timing '{"heartbeatIntervalMs":1000,"activityTimeoutMs":3000,"leaseTtlMs":20000,"offerTtlMs":5000,"requestTimeoutMs":3000,"terminateGraceMs":2000}'

SIGTERM and SIGINT say goodbye to the agents, which hand back their leases and exit, those that the broker started
among them; a second one does not wait for them. SIGHUP stops without a goodbye, for a start that follows: the agents go
on, and come back to it (with --store memory those that the broker started end with it).

Exit codes: 0 ended by a signal · 1 the store or the history failed while running, or another broker took the store over · 64 wrong usage, port in use, store locked, unreachable, not durable or damaged`,
    )
    .action(async (options: ServeOptions) => finish(await serve(options)));
}

async function serve(options: ServeOptions): Promise<ExitCode> {
  const { host = defaults.host, port = defaults.port, joinToken } = options;
  const timing = readTiming(options.timing);
  const singleUseTokensOnly = options.singleUseTokens === true;
  if (singleUseTokensOnly && joinToken !== undefined) {
    throw new UsageError("--join-token has no meaning with --single-use-tokens.", {
      code: "usage",
      next: "Leave out one of the two.",
    });
  }
  readToken("--join-token", joinToken);
  readToken("--operator-token", options.operatorToken);
  // Loaded only here: the server is by far the largest part, and the other commands do without.
  const { isLoopback, startBroker } = await import("../io/broker-server.ts");
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new UsageError(`${host} can be reached from other machines.`, {
      code: "not-loopback",
      next: "Say so with --allow-remote, behind something that encrypts (docs/security.md), or listen on 127.0.0.1.",
    });
  }
  const log = openLog(options.logLevel ?? defaults.logLevel);
  const store = chooseStore(options);
  // Waited for before anything is started, so that no signal is missed.
  const stop = signalled(["SIGTERM", "SIGINT", "SIGHUP"]);
  const history = openHistoryFile({
    path: process.env[historyVariable],
    source: `broker-${process.pid}`,
    clock: systemClock,
  });
  try {
    const { record } = history;
    const faults = options.faults === true;
    const operatorToken = options.operatorToken ?? process.env[operatorTokenVariable] ?? "";
    const tokens = {
      ...(joinToken === undefined ? {} : { joinToken }),
      ...(operatorToken === "" ? {} : { operatorToken }),
    };
    const agent = options.agent === undefined ? {} : { agentCommand: agentCommand(options.agent) };
    const broker = await startBroker({
      host,
      port,
      timing,
      store,
      log,
      record,
      faults,
      singleUseTokensOnly,
      ...tokens,
      ...agent,
    });
    // Where the commands look, which know of no store.
    const left = store.kind === "memory" ? null : (options.data ?? dataDirectory());
    if (left !== null) await writeOperatorToken(left, broker);
    announce(broker, { json: options.json === true, store: store.kind });
    if (!isLoopback(host)) {
      log.warn({ host }, "this broker can be reached from other machines, and nothing that it says is encrypted");
    }
    const reason = await Promise.race([stop.signal, broker.failed.catch((error: unknown) => ({ error }))]);
    const failed = typeof reason === "object";
    if (failed) log.fatal({ err: reason.error }, "the broker cannot go on");
    else log.info({ signal: reason }, "stopping");
    // Who stops it with SIGHUP starts it again: its agents wait for it, as they would after a crash.
    const withinMs = timing.terminateGraceMs + goodbyeSpareMs;
    const goodbye = { reason: "the broker stops", withinMs, hurried: stop.again };
    if (left !== null) removeOperatorToken(left, broker.url);
    await broker.close(failed || reason === "SIGHUP" ? undefined : goodbye);
    record("broker.stopped", { reason: failed ? messageOf(reason.error) : reason });
    if (!failed) return ExitCode.pass;
    return reason.error instanceof AssertionError ? ExitCode.harnessBug : ExitCode.fail;
  } finally {
    stop.unlisten();
    history.close();
  }
}

/** It goes into a header and onto command lines. */
function readToken(option: string, token: string | undefined): void {
  if (token === undefined || /^[\x21-\x7e]{1,200}$/.test(token)) return;
  throw new UsageError(`${option} takes a word of 1 to 200 printable ASCII characters, without a space.`, {
    code: "usage",
    next: "Leave it out for a random one.",
  });
}

function announce(broker: RunningBroker, { json, store }: { json: boolean; store: string }): void {
  const { url, joinToken, operatorToken } = broker;
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, joinToken, operatorToken, store, pid: process.pid })}\n`);
    return;
  }
  const join =
    joinToken === ""
      ? `Let an agent in:  broker-sim token create --broker ${url} --operator-token ${operatorToken}\n`
      : `Let an agent in:  donor-agent join --broker ${url} --token ${joinToken}\n`;
  process.stdout.write(
    `Broker at ${url}, store ${store}. Ctrl-C ends it.\n` +
      join +
      `Give it work:     broker-sim submit --broker ${url} --operator-token ${operatorToken} --wait -- COMMAND\n`,
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

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${text} is not a port.`, { code: "usage", next: "Give --port a number from 0 to 65535." });
}
