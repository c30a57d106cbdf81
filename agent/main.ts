import { randomUUID } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";

import { systemClock } from "../foundation/clock.ts";
import { UsageError } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import type { AgentStatus, ControlRequest } from "../protocol/control.ts";
import type { MissingRecords } from "../protocol/history-with-gaps.ts";
import { historyVariable } from "../protocol/job-environment.ts";
import { type ActivityGiven, isWished, settledWish } from "./activity/activity-wish.ts";
import type { Pulse } from "./activity/port.ts";
import { watchActivity } from "./activity/watch-activity.ts";
import { AgentBody, type AgentEnd } from "./agent-body.ts";
import { resourceKey } from "./host-resource.ts";
import { initialCore } from "./core/state.ts";
import { takeShortTurns } from "./io/short-turns.ts";
import { startThreads } from "./io/start-threads.ts";
import { bootId } from "./io/boot-id.ts";
import { type AutostartWish, removeAutostart, settleAutostart } from "./io/autostart-ledger.ts";
import { brokerClient } from "./io/broker-client.ts";
import { BrokerTime } from "./io/broker-time.ts";
import type { BrokerLink } from "./io/agent-context.ts";
import { controlServer } from "./io/control-server.ts";
import { eventStream } from "./io/event-stream.ts";
import { type AgentHistory, openHistory } from "./io/history-file.ts";
import { damageOf, isLostHome, mendLedger } from "./io/evidence.ts";
import { diskTrouble } from "./io/disk-trouble.ts";
import { diskFull, type Home, openHome } from "./io/home.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { type Identity, openIdentity, readIdentity } from "./io/identity.ts";
import { isNoRoom } from "./io/journal-file.ts";
import { LeaseFiles } from "./io/lease-files.ts";
import { defaultSlots } from "./io/resources.ts";
import { requestSigner } from "./io/request-signer.ts";
import { clearLedger, wipeHome } from "./io/withdrawal-effects.ts";
import { defaultTerms, type JobTermsGiven, settledTerms } from "./job-terms.ts";
import { openLog } from "./log.ts";
import { type HomeNote, homeNote, recoveredFrom } from "./recovered.ts";
import { chooseDriver } from "./sandbox/choose-driver.ts";
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
    readonly terms: JobTermsGiven;
    readonly activity: ActivityGiven;
  } | null;
  readonly withdraw: Extract<ControlRequest, { command: "withdraw" }> | null;
  readonly environment: NodeJS.ProcessEnv;
  /** The log goes into the home, not to stderr. */
  readonly logInHome: boolean;
  /** Of the log, only what ends the agent: for a command whose output is a report. */
  readonly quiet: boolean;
  readonly onReady: (ready: ReadyAgent) => void;
  readonly closeConnections?: () => Promise<void>;
}

export interface ReadyAgent {
  readonly status: AgentStatus;
  readonly home: string;
  readonly control: string;
  readonly driver: string;
  /** What the sandboxes, the startup hook and the triggers of a pause cannot promise on this machine. */
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
export async function runAgent(options: AgentOptions): Promise<AgentEnd & Unrecorded> {
  const { paths } = options;
  await startThreads();
  takeShortTurns();
  const fresh = !existsSync(paths.ledger) && !isLostHome(paths);
  const home = openHome(paths, { lostToo: options.withdraw !== null });
  const begun: Begun = { driver: null, undo: [] };
  let running: Running;
  try {
    if (fresh) home.ledger.reserve();
    running = await begin(options, { home, fresh, begun });
  } catch (error) {
    for (const undo of begun.undo.reverse()) undo();
    if (fresh) {
      await vacate(home, begun.driver);
    } else {
      begun.driver?.close();
      leave(home);
    }
    throw isNoRoom(error) ? diskFull(paths, error) : error;
  }
  const { body, driver, history, close } = running;
  const onSignal = (name: NodeJS.Signals): void => body.see({ type: "signal", name });
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const end = await body.ended;
    const refusedFresh = end.ending.how === "refused" && end.ending.fresh;
    if (refusedFresh) await vacate(home, driver);
    else if (end.ending.how === "withdrawn") leave(home);
    else settleHome(home, driver);
    if (end.unfinished) endSoon();
    return { ...end, unrecorded: history.missing() };
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    close();
  }
}

interface Unrecorded {
  /** What is missing in the history. */
  readonly unrecorded: MissingRecords | null;
}

interface Running {
  readonly body: AgentBody;
  readonly history: AgentHistory;
  readonly driver: SandboxDriver;
  readonly close: () => void;
}

/** What a start has taken so far, for one that fails. */
interface Begun {
  driver: SandboxDriver | null;
  /** The last one first. */
  readonly undo: (() => void)[];
}

async function begin(
  options: AgentOptions,
  { home, fresh, begun }: { readonly home: Home; readonly fresh: boolean; readonly begun: Begun },
): Promise<Running> {
  const { paths, environment } = options;
  const { ledger } = home;
  const instanceId = randomUUID();
  const history = openHistory(environment, instanceId);
  begun.undo.push(() => history.close());
  recordLedger(home, { history, fresh });
  const evidence = mendLedger(home, homeNote(ledger)?.agentId ?? null);
  const recovered = recoveredFrom(ledger);
  const note = settledNote(options, home);
  // A start that only finishes a withdrawal settles nothing any more.
  const join = recovered.withdrawal === null ? options.join : null;
  const autostart = join?.autostart ?? null;
  const hookCannot = autostart === null ? [] : await settleAutostart(home, { ...autostart, environment });
  const logFile = options.logInHome ? paths.log : null;
  if (logFile !== null) acquireOnce(home, { kind: "file", path: logFile });
  const log = openLog({ instanceId, file: logFile, quiet: options.quiet });
  history.tellIn(log);
  const damage = damageOf(ledger);
  if (damage !== null) {
    log.warn(`The host ledger was damaged. Found without it: ${damage.missing.join(", ")}`);
  }
  const agentId = note?.agentId ?? evidence.agentId ?? "0".repeat(64);
  const warn = (sentence: string): void => log.warn(sentence);
  const { sandbox, limits, checkpointIntervalMs } = note?.terms ?? defaultTerms;
  const driver =
    join === null
      ? // It ends what there is and starts nothing, so it needs no enclosure that may not work any more. Without a
        // membership it needs no cgroup either, whose name would be any other such agent's too.
        processDriver({ agentId, ledger, environment, ...(note === null ? { cgroupRoot: null } : {}) })
      : await chooseDriver({
          ...{ agentId, ledger, environment, warn, home: paths.home },
          wish: sandbox,
          limits,
        });
  begun.driver = driver;
  if (join !== null && note !== null) ledger.remember({ key: "home", value: note });
  const identity = note === null ? null : readIdentity(paths.key);
  const { quietS } = note?.activity ?? settledWish({});
  const core = initialCore({ instanceId, slots: note?.slots ?? 1, quietMs: quietS * 1_000 });
  let body: AgentBody | null = null;
  const pulses = pulsesOnceUp((pulse) => {
    const noticedAtMs = systemClock.nowMs() - pulse.ageMs;
    body?.see({ type: "activity", what: pulse.what, noticedAtMs });
  });
  const activity =
    join === null || note?.activity === undefined || !isWished(note.activity)
      ? null
      : await watchActivity({
          ...{ wish: note.activity, own: ownFiles(options), jobsMs: () => driver.cpuMs(), onPulse: pulses.take, warn },
        });
  begun.undo.push(() => void activity?.close());
  const link =
    note === null || identity === null
      ? null
      : brokerLink({ note, identity, instanceId, warn, body: () => body as AgentBody });
  const onBug = (error: unknown): void => {
    const disk = diskTrouble(error);
    log.fatal(
      error instanceof Error ? error : { error },
      `${disk ?? "A bug of the agent"}; the next start ends its jobs`,
    );
    process.exit(disk === null ? ExitCode.harnessBug : ExitCode.fail);
  };
  process.on("uncaughtException", onBug);
  begun.undo.push(() => process.off("uncaughtException", onBug));
  body = new AgentBody({
    home,
    driver,
    files: new LeaseFiles(paths, ledger),
    broker: link,
    clock: systemClock,
    checkpointIntervalMs,
    core,
    brokerUrl: note?.broker ?? "",
    environment,
    record: history.record,
    log,
    activity,
    onReady: (status) => {
      options.onReady({
        status,
        home: paths.home,
        control: paths.control,
        driver: driver.name,
        cannot: [...driver.cannot, ...hookCannot, ...(activity?.cannot ?? [])],
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
    agentId: note?.agentId ?? evidence.agentId,
    hasKey: link !== null,
    pid: process.pid,
    driver: driver.name,
    bootId: bootId(),
    recovered,
    mayEnrol: options.join !== null,
  });
  pulses.begin();
  if (options.withdraw !== null) agent.ask(options.withdraw, () => undefined);
  const close = (): void => {
    process.off("uncaughtException", onBug);
    history.close();
  };
  return { body: agent, driver, history, close };
}

/** What the home knows of its membership, completed by what this start was told; the key is made here. */
function settledNote({ paths, join }: AgentOptions, { ledger }: Home): HomeNote | null {
  const before = homeNote(ledger);
  if (join === null) return before;
  if (recoveredFrom(ledger).withdrawal !== null) return before;
  const broker = join.broker?.href ?? before?.broker;
  const joinToken = before?.joinToken ?? join.joinToken ?? undefined;
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
  const newerJoinToken = join.joinToken ?? before?.newerJoinToken;
  const note: HomeNote = {
    ...{ broker, joinToken, agentId },
    ...(newerJoinToken === undefined || newerJoinToken === joinToken ? {} : { newerJoinToken }),
    slots: join.slots ?? before?.slots ?? defaultSlots(),
    terms: settledTerms(join.terms, before?.terms),
    activity: settledWish(join.activity, before?.activity),
  };
  // What a home has is kept until this start is known to work with what it was told.
  if (before === null) ledger.remember({ key: "home", value: note });
  return note;
}

/** What is noticed before the agent is up counts when it is: the latest of it. */
function pulsesOnceUp(see: (pulse: Pulse) => void): { take: (pulse: Pulse) => void; begin: () => void } {
  let isUp = false;
  let early: Pulse | null = null;
  return {
    take(pulse) {
      if (isUp) see(pulse);
      else early = pulse;
    },
    begin() {
      isUp = true;
      if (early !== null) see({ ...early, ageMs: 0 });
    },
  };
}

/** What the agent and its jobs write to: whatever changes there is not the owner's doing. */
function ownFiles({ paths, environment }: AgentOptions): string[] {
  const history = environment[historyVariable];
  return [paths.home, realpathSync(paths.home), ...(history === undefined ? [] : [history])];
}

function brokerLink({
  note,
  identity,
  instanceId,
  warn,
  body,
}: {
  note: HomeNote;
  identity: Identity;
  instanceId: string;
  warn: (sentence: string) => void;
  body: () => AgentBody;
}): BrokerLink {
  const url = new URL(note.broker);
  const aborter = new AbortController();
  const timing = () => body().timing;
  const time = new BrokerTime({ clock: systemClock, windowMs: () => timing().signatureWindowMs, warn });
  const signer = requestSigner({ identity, instanceId, clock: time });
  return {
    identity,
    joinTokens: [...(note.newerJoinToken === undefined ? [] : [note.newerJoinToken]), note.joinToken],
    client: brokerClient({ url, signer, time, timing, signal: aborter.signal }),
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
