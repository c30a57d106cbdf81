import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";

import { systemClock } from "../foundation/clock.ts";
import { UsageError } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import type { AgentStatus, ControlRequest } from "../protocol/control.ts";
import { AgentBody, type AgentEnd } from "./agent-body.ts";
import { resourceKey } from "./host-resource.ts";
import { initialCore } from "./core/state.ts";
import { type AutostartWish, removeAutostart, settleAutostart } from "./io/autostart-ledger.ts";
import { brokerClient } from "./io/broker-client.ts";
import type { BrokerLink } from "./io/agent-context.ts";
import { controlServer } from "./io/control-server.ts";
import { eventStream } from "./io/event-stream.ts";
import { type AgentHistory, openHistory } from "./io/history-file.ts";
import { type Home, openHome } from "./io/home.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { type Identity, openIdentity, readIdentity } from "./io/identity.ts";
import { LeaseFiles } from "./io/lease-files.ts";
import { defaultSlots } from "./io/resources.ts";
import { requestSigner } from "./io/request-signer.ts";
import { clearLedger, wipeHome } from "./io/withdrawal-effects.ts";
import { openLog } from "./log.ts";
import { type HomeNote, homeNote, recoveredFrom } from "./recovered.ts";
import { chooseDriver, type SandboxWish } from "./sandbox/choose-driver.ts";
import type { JobLimits } from "./sandbox/job-limits.ts";
import type { SandboxDriver } from "./sandbox/port.ts";
import { processDriver } from "./sandbox/process-driver.ts";

export interface AgentOptions {
  readonly paths: HomePaths;
  /** How to join; null for an instance that comes up only to withdraw, with the deadline of that. */
  readonly join: {
    readonly broker: URL | null;
    readonly joinToken: string | null;
    readonly slots: number | null;
    /** Null leaves the startup hook as it is. */
    readonly autostart: Omit<AutostartWish, "environment"> | null;
    readonly sandbox: SandboxWish;
    readonly limits: JobLimits;
  } | null;
  readonly withdraw: Extract<ControlRequest, { command: "withdraw" }> | null;
  readonly checkpointIntervalMs: number | null;
  readonly environment: NodeJS.ProcessEnv;
  /** The log goes into the home, not to stderr. */
  readonly logInHome: boolean;
  readonly onReady: (ready: ReadyAgent) => void;
  readonly closeConnections?: () => Promise<void>;
}

export interface ReadyAgent {
  readonly status: AgentStatus;
  readonly home: string;
  readonly control: string;
  readonly driver: string;
  /** What the sandboxes and the startup hook cannot promise on this machine. */
  readonly cannot: readonly string[];
}

/** How long a process that gave something up may take to say its last words, in milliseconds. */
const lastWordsMs = 100;

const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * Runs one instance of the agent until it has shut down or withdrawn.
 *
 * @throws UsageError when it cannot begin; what it had made is gone then
 */
export async function runAgent(options: AgentOptions): Promise<AgentEnd> {
  const { paths } = options;
  const fresh = !existsSync(paths.ledger);
  const home = openHome(paths);
  let running: Running;
  try {
    running = await begin(options, home, fresh);
  } catch (error) {
    if (fresh) await vacate(home, null);
    else leave(home);
    throw error;
  }
  const { body, driver, close } = running;
  const onSignal = (name: NodeJS.Signals): void => body.see({ type: "signal", name });
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const end = await body.ended;
    const refusedFresh = end.ending.how === "refused" && end.ending.fresh;
    if (refusedFresh) await vacate(home, driver);
    else if (end.ending.how === "withdrawn") leave(home);
    else settleHome(home, driver);
    if (end.unfinished) endSoon();
    return end;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    close();
  }
}

interface Running {
  readonly body: AgentBody;
  readonly driver: SandboxDriver;
  readonly close: () => void;
}

async function begin(options: AgentOptions, home: Home, fresh: boolean): Promise<Running> {
  const { paths, environment } = options;
  const { ledger } = home;
  const instanceId = randomUUID();
  const history = openHistory(environment, instanceId);
  recordLedger(home, { history, fresh });
  const recovered = recoveredFrom(ledger);
  const note = settledNote(options, home);
  // A start that only finishes a withdrawal settles nothing any more.
  const join = recovered.withdrawal === null ? options.join : null;
  const autostart = join?.autostart ?? null;
  const hookCannot = autostart === null ? [] : await settleAutostart(home, { ...autostart, environment });
  const logFile = options.logInHome ? paths.log : null;
  if (logFile !== null) acquireOnce(home, { kind: "file", path: logFile });
  const log = openLog({ instanceId, file: logFile });
  const agentId = note?.agentId ?? "0".repeat(64);
  const warn = (sentence: string): void => log.warn(sentence);
  const driver =
    join === null
      ? // It ends what there is and starts nothing, so it needs no enclosure that may not work any more. Without a
        // membership it needs no cgroup either, whose name would be any other such agent's too.
        processDriver({ agentId, ledger, environment, ...(note === null ? { cgroupRoot: null } : {}) })
      : await chooseDriver({
          ...{ agentId, ledger, environment, warn, home: paths.home },
          wish: join.sandbox,
          limits: join.limits,
        });
  const identity = note === null ? null : readIdentity(paths.key);
  const core = initialCore({ instanceId, slots: note?.slots ?? 1 });
  let body: AgentBody | null = null;
  const link =
    note === null || identity === null
      ? null
      : brokerLink({ note, identity, instanceId, body: () => body as AgentBody });
  const onBug = (error: unknown): void => {
    log.fatal(error instanceof Error ? error : { error }, "A bug of the agent; the next start ends its jobs");
    process.exit(ExitCode.harnessBug);
  };
  process.on("uncaughtException", onBug);
  body = new AgentBody({
    home,
    driver,
    files: new LeaseFiles(paths, ledger),
    broker: link,
    clock: systemClock,
    checkpointIntervalMs: options.checkpointIntervalMs,
    core,
    brokerUrl: note?.broker ?? "",
    record: history.record,
    log,
    onReady: (status) => {
      options.onReady({
        status,
        home: paths.home,
        control: paths.control,
        driver: driver.name,
        cannot: [...driver.cannot, ...hookCannot],
      });
    },
    onBug,
    closeConnections: options.closeConnections ?? (async () => undefined),
  });
  const agent = body;
  acquireOnce(home, { kind: "socket", path: paths.control });
  // The owner is served before the broker is asked: it works with the broker down.
  agent.control = await controlServer({
    path: paths.control,
    onRequest: (request, respond) => agent.ask(request, respond),
  });
  log.info({ home: paths.home, agentId: note?.agentId, broker: note?.broker, driver: driver.name }, "The agent is up");
  agent.see({
    type: "started",
    agentId: note?.agentId ?? null,
    hasKey: link !== null,
    pid: process.pid,
    driver: driver.name,
    recovered,
    mayEnrol: options.join !== null,
  });
  if (options.withdraw !== null) agent.ask(options.withdraw, () => undefined);
  const close = (): void => {
    process.off("uncaughtException", onBug);
    history.close();
  };
  return { body: agent, driver, close };
}

/** What the home knows of its membership, completed by what this start was told; the key is made here. */
function settledNote({ paths, join }: AgentOptions, { ledger }: Home): HomeNote | null {
  const before = homeNote(ledger);
  if (join === null) return before;
  if (recoveredFrom(ledger).withdrawal !== null) return before;
  const broker = join.broker?.href ?? before?.broker;
  const joinToken = join.joinToken ?? before?.joinToken;
  if (broker === undefined || joinToken === undefined) {
    throw new UsageError("This home has not joined a broker yet.", {
      code: "no-broker",
      next: "Give --broker URL and --token TOKEN.",
    });
  }
  if (before !== null && new URL(before.broker).href !== broker) {
    throw new UsageError(`This home is a member at ${before.broker}, not at ${broker}.`, {
      code: "other-broker",
      next: "Withdraw it there first, or choose another directory with --home.",
    });
  }
  const { agentId } = openIdentity(paths.key, ledger);
  const note: HomeNote = { broker, joinToken, slots: join.slots ?? before?.slots ?? defaultSlots(), agentId };
  ledger.remember({ key: "home", value: note });
  return note;
}

function brokerLink({
  note,
  identity,
  instanceId,
  body,
}: {
  note: HomeNote;
  identity: Identity;
  instanceId: string;
  body: () => AgentBody;
}): BrokerLink {
  const url = new URL(note.broker);
  const signer = requestSigner({ identity, instanceId, clock: systemClock });
  const aborter = new AbortController();
  const timing = () => body().timing;
  return {
    identity,
    joinToken: note.joinToken,
    client: brokerClient({ url, signer, timing, signal: aborter.signal }),
    events: eventStream({
      url,
      signer,
      heartbeatMs: () => timing().eventHeartbeatMs,
      onEvent: (event) => body().see({ type: "brokerEvent", event }),
    }),
    abort: () => aborter.abort(),
  };
}

/** The history is told what the ledger holds, so that others can keep the books too (I11). */
function recordLedger(
  { ledger }: Home,
  { history, fresh }: { history: Pick<AgentHistory, "record">; fresh: boolean },
): void {
  // A new home was journalled while it was made, before there was anybody to tell.
  if (fresh) {
    for (const resource of ledger.live()) history.record("agent.acquired", { resource: resourceKey(resource) });
  }
  ledger.observe((change, resource) => history.record(`agent.${change}`, { resource }));
}

function acquireOnce({ ledger }: Home, resource: Parameters<Home["ledger"]["acquire"]>[0]): void {
  if (!ledger.holds(resourceKey(resource))) ledger.acquire(resource);
}

/** Ends the process once its last words are said, though something is under way in it that was given up. */
function endSoon(): void {
  setTimeout(() => process.exit(), lastWordsMs).unref();
}

/** Leaves the home for a later start, with nothing held but what lies in it. */
function settleHome(home: Home, driver: SandboxDriver): void {
  const key = resourceKey({ kind: "socket", path: home.paths.control });
  if (home.ledger.holds(key) && !existsSync(home.paths.control)) home.ledger.release(key);
  driver.close();
  leave(home);
}

function leave({ ledger, lock }: Home): void {
  ledger.close();
  lock.release();
}

/** Takes everything away again: it was made in vain. */
async function vacate(home: Home, driver: SandboxDriver | null): Promise<void> {
  await removeAutostart(home);
  await wipeHome(home, driver);
  clearLedger(home, { keep: false });
}
