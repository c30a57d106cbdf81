import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";

import { Command } from "commander";

import { AssertionError } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { UsageError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { historyVariable } from "../../protocol/job-environment.ts";
import { chooseStore } from "./choose-store.ts";
import { dataDirectory } from "./data-directory.ts";
import type { Finish } from "./finish.ts";
import { openHistoryFile } from "../io/history-file.ts";
import { removeOperatorToken, writeOperatorToken } from "../io/security/operator-token-file.ts";
import { announce } from "./announce.ts";
import { NotToldError } from "./output.ts";
import { operatorTokenOfEnvironment, operatorTokenVariable } from "./broker-option.ts";
import { readTiming } from "./read-timing.ts";
import { readToken } from "./read-token.ts";
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
  readonly trustProxy?: readonly string[];
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
    .option(
      "--trust-proxy <addresses>",
      "proxies that say in X-Forwarded-For whom they pass on: addresses or ranges, comma-separated (default: none)",
      readAddresses,
    )
    .option("--timing <json>", "times in milliseconds as a JSON object, or the path of a file that holds one")
    .option("--log-level <level>", `trace, debug, info, warn, error or silent (default: ${defaults.logLevel})`)
    .option("--agent <path>", "the program that `broker-sim spawn` starts (default: this package's donor-agent)")
    .option("--faults", "misbehave on the operator's order (`broker-sim fault`); for scenarios, never for real jobs")
    .option(
      "--json",
      "print one line of JSON when listening: url, addresses (url first, then where others reach it), joinToken, operatorToken, store, pid",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim serve
  $ broker-sim serve --store memory --port 0 --json
  $ broker-sim serve --store redis://localhost:6379/0?namespace=lab \\
      --data /var/lib/houseguest-lab
  $ REDIS_URL=redis://:SECRET@cache.example:6379 broker-sim serve --store redis
  $ broker-sim serve --timing '{"heartbeatIntervalMs":1000,
      "activityTimeoutMs":5000,"requestTimeoutMs":2000,"leaseTtlMs":20000,
      "offerTtlMs":5000,"terminateGraceMs":2000}'

SIGTERM and SIGINT say goodbye to the agents, which hand back their leases and
exit, those that the broker started among them; a second one does not wait for
them. SIGHUP stops without a goodbye, for a start that follows: the agents go
on, and come back to it (with --store memory those that the broker started end
with it). From the first signal on nothing new is taken.

The log goes to stderr, and a history into the file that $HOUSEGUEST_HISTORY
names. Lines for which there is no room are dropped, and counted when there is
room again; those of the history at /metrics, too.

Exit codes:
  0   ended by a signal
  1   the store failed while running, another broker took it over, records are
      missing in the history, or nobody could be told where it listens
  64  wrong usage, port in use, store locked, unreachable, not durable or
      damaged, no room for the operator's token`,
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
  if (host === "") {
    throw new UsageError("--host takes an address, and was given none.", {
      code: "usage",
      next: `Leave it out for ${defaults.host}, or name an address of this machine.`,
    });
  }
  // Loaded only here: the server is by far the largest part, and the other commands do without.
  const { isLoopback, startBroker } = await import("../io/broker-server.ts");
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new UsageError(`${host} can be reached from other machines.`, {
      code: "not-loopback",
      next: "Say so with --allow-remote, behind something that encrypts (docs/security.md), or listen on 127.0.0.1.",
    });
  }
  const { openBrokerLog } = await import("../io/broker-log.ts");
  const log = openBrokerLog(options.logLevel ?? defaults.logLevel);
  const store = chooseStore(options);
  // Waited for before anything is started, so that no signal is missed.
  const stop = signalled(["SIGTERM", "SIGINT", "SIGHUP"]);
  const history = openHistoryFile({
    path: process.env[historyVariable],
    source: `broker-${process.pid}`,
    clock: systemClock,
    log,
  });
  try {
    const { record } = history;
    const faults = options.faults === true;
    const operatorToken = options.operatorToken ?? operatorTokenOfEnvironment();
    const tokens = {
      ...(joinToken === undefined ? {} : { joinToken }),
      ...(operatorToken === undefined ? {} : { operatorToken }),
    };
    const agent = options.agent === undefined ? {} : { agentCommand: agentCommand(options.agent) };
    const broker = await startBroker({
      host,
      port,
      timing,
      store,
      log,
      record,
      recordsLost: () => history.missing()?.records ?? 0,
      faults,
      singleUseTokensOnly,
      trustProxy: options.trustProxy ?? [],
      ...tokens,
      ...agent,
    });
    // Where the commands look, which know of no store.
    const left = store.kind === "memory" ? null : (options.data ?? dataDirectory());
    try {
      if (left !== null) await writeOperatorToken(left, broker);
      await announce(broker, { host, json: options.json === true, store: store.kind });
    } catch (error) {
      if (left !== null) removeOperatorToken(left, broker.url);
      await broker.close();
      throw error;
    }
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
    if (failed) return reason.error instanceof AssertionError ? ExitCode.harnessBug : ExitCode.fail;
    const missing = history.missing();
    if (missing !== null) throw incompleteHistory(missing);
    return ExitCode.pass;
  } finally {
    stop.unlisten();
    history.close();
  }
}

/** Exit 1: whoever judges the run by its history is told that it is not all there, which its end cannot say. */
function incompleteHistory({ records, why }: { records: number; why: string }): NotToldError {
  const path = process.env[historyVariable];
  return new NotToldError(
    `The broker has ended as it was told, and ${records} records are missing in its history ${path}: ${why}.`,
    { code: "history-incomplete", next: "Make room where the history goes; the work itself is not touched by that." },
  );
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

/** Addresses, and ranges as 192.0.2.0/24 or 2001:db8::/32. */
function readAddresses(text: string): readonly string[] {
  const bitsMax = { 0: -1, 4: 32, 6: 128 };
  const addresses = text.split(",");
  for (const one of addresses) {
    const [, address = "", bits = "1"] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(one) ?? [];
    if (Number(bits) >= 1 && Number(bits) <= bitsMax[isIP(address) as 0 | 4 | 6]) continue;
    throw new UsageError(`--trust-proxy takes addresses and ranges, and not ${JSON.stringify(one)}.`, {
      code: "usage",
      next: "Write them as in --trust-proxy 192.0.2.1,2001:db8::/32.",
    });
  }
  return addresses;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${text} is not a port.`, { code: "usage", next: "Give --port a number from 0 to 65535." });
}
