import { randomUUID } from "node:crypto";

import type { Clock } from "../foundation/clock.ts";
import { withinDeadline } from "../foundation/deadline.ts";
import type { AgentStatus, ControlRequest, ControlResponse } from "../protocol/control.ts";
import type { RecordEvent } from "../protocol/history-recorder.ts";
import type { Timing } from "../protocol/timing.ts";
import type { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import type { ActivityWatch } from "./activity/watch-activity.ts";
import { apply } from "./core/agent.ts";
import type { AgentEffect, Ending } from "./core/effect.ts";
import type { AgentInput } from "./core/input.ts";
import { agentLimits } from "./core/limits.ts";
import type { AgentCore } from "./core/state.ts";
import { coreStatus } from "./core/status.ts";
import type { AgentContext } from "./io/agent-context.ts";
import { agentTimers } from "./io/agent-timers.ts";
import { removeEveryAutostart } from "./io/autostart-ledger.ts";
import { isBrokerEffect, performBrokerEffect } from "./io/broker-effects.ts";
import { isFull } from "./io/home-room.ts";
import type { ControlServer } from "./io/control-server.ts";
import { damageOf } from "./io/evidence.ts";
import { isSandboxEffect, SandboxEffects } from "./io/sandbox-effects.ts";
import { HomeWatch } from "./io/home-watch.ts";
import { clearLedger, socketsLeft, wipeHome } from "./io/withdrawal-effects.ts";

export interface AgentLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface AgentBodyOptions extends Omit<AgentContext, "see" | "state" | "background" | "call"> {
  readonly core: AgentCore;
  readonly clock: Clock;
  readonly brokerUrl: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly record: RecordEvent;
  readonly log: AgentLog;
  /** What notices the owner; null where nothing is to. */
  readonly activity: ActivityWatch | null;
  readonly onReady: (status: AgentStatus) => void;
  /** Something of ours broke; the process cannot go on. */
  readonly onBug: (error: unknown) => void;
  /** Ends the connections to the broker that are kept open for the next request. */
  readonly closeConnections: () => Promise<void>;
}

export interface AgentEnd {
  readonly ending: Ending;
  readonly report: WithdrawalReport | null;
  /** Whether it ended because somebody had removed its home. */
  readonly homeGone: boolean;
  /** Work on this host was under way that the end did not wait for: it dies with the process. */
  readonly unfinished: boolean;
}

/** How long an urgent end waits for the kernel to end what runs, and for work on this host, in milliseconds. */
const urgentEndMs = 500;
/** How long an ordinary end waits for work on this host (a wipe of a large directory), in milliseconds. */
const endMs = 30_000;

/**
 * The brain's body: hands inputs to the core one at a time, in the order in which they were seen, and carries out what
 * it answers. An effect marked «at once» is carried out in the very call that brought the input.
 */
export class AgentBody {
  readonly #options: AgentBodyOptions;
  readonly #context: AgentContext;
  readonly #sandboxes: SandboxEffects;
  readonly #timers;
  readonly #queue: { readonly input: AgentInput; readonly nowMs: number }[] = [];
  readonly #responders = new Map<string, (response: ControlResponse) => void>();
  readonly #underWay = new Set<Promise<void>>();
  readonly ended: Promise<AgentEnd>;
  #resolveEnded: (end: AgentEnd) => void = () => undefined;
  #core: AgentCore;
  #control: ControlServer | null = null;
  #watch: HomeWatch | null = null;
  #homeGone = false;
  #report: WithdrawalReport | null = null;
  #wipe: ReturnType<typeof wipeHome> | null = null;
  #wipeUntilMs = Number.POSITIVE_INFINITY;
  #lastSignalAtMs = Number.NEGATIVE_INFINITY;
  #busy = false;
  #isReady = false;
  #isEnding = false;
  /** Nobody waits any longer for what is under way. */
  #isOver = false;
  readonly #cutOff: Promise<void>;
  #cutOffEnd: () => void = () => undefined;

  constructor(options: AgentBodyOptions) {
    this.#options = options;
    this.#core = options.core;
    this.#context = {
      ...options,
      see: (input) => this.see(input),
      state: () => this.#core,
      background: (work) => this.#background(work),
      call: (work) => void this.#guard(work),
    };
    this.#sandboxes = new SandboxEffects(this.#context);
    this.#timers = agentTimers({ clock: options.clock, onTimer: (name) => this.see({ type: "timer", name }) });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#cutOff = new Promise((resolve) => {
      this.#cutOffEnd = resolve;
    });
  }

  /** The server whose requests come in by `ask`; its socket is closed when the agent ends. */
  set control(server: ControlServer) {
    const { home, log } = this.#options;
    this.#control = server;
    const warn = (sentence: string): void => log.warn(sentence);
    this.#watch = new HomeWatch({ home, control: server, warn, onGone: () => this.#leaveLostHome() });
  }

  /** The fleet's times, as the broker told them. */
  get timing(): Timing {
    return this.#core.timing;
  }

  /** Hands the core something that was seen just now. */
  see(input: AgentInput): void {
    if (input.type === "signal") this.#hearSignal();
    // Whoever ends hears nothing any more.
    if (this.#isEnding) return;
    // These bring work: not for a home that is gone, of which the core hears first then.
    if (input.type === "heartbeatAnswered" || input.type === "acceptAnswered") this.#watch?.isThere();
    this.#queue.push({ input, nowMs: this.#options.clock.nowMs() });
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    } catch (error) {
      this.#options.onBug(error);
    } finally {
      this.#busy = false;
    }
  }

  /** A request of the owner; answered now or when it has come to its end. */
  ask(request: ControlRequest, respond: (response: ControlResponse) => void): void {
    if (request.command === "status") {
      respond({ ok: true, status: this.status() });
      return;
    }
    const requestId = randomUUID();
    this.#responders.set(requestId, respond);
    this.see({ type: "control", requestId, request });
  }

  status(): AgentStatus {
    const { home, driver, files, brokerUrl, activity } = this.#options;
    const status = coreStatus(this.#core);
    const sandboxes = status.sandboxes.map((sandbox) => ({
      ...sandbox,
      progress: Math.max(sandbox.progress, files.progress(sandbox.leaseId)),
    }));
    return {
      ...status,
      sandboxes,
      pid: process.pid,
      broker: brokerUrl,
      sandboxDriver: driver.name,
      sandboxCannot: [...driver.cannot],
      ...(activity === null ? {} : { activityCannot: [...activity.cannot] }),
      ledgerEntries: home.ledger.live().length,
      diskFull: isFull(home),
    };
  }

  #take({ input, nowMs }: { input: AgentInput; nowMs: number }): void {
    const turn = apply(this.#core, input, nowMs);
    this.#core = turn.state;
    for (const effect of turn.effects) this.#perform(effect);
    if (input.type === "control" && turn.response !== null) this.#respond(input.requestId, turn.response);
  }

  #perform(effect: AgentEffect): void {
    const { home, log, record } = this.#options;
    if (isSandboxEffect(effect)) return this.#sandboxes.perform(effect);
    if (isBrokerEffect(effect)) return performBrokerEffect(this.#context, effect);
    switch (effect.kind) {
      case "record":
        logRecord(log, effect);
        if (effect.type !== "agent.withdrawal") return record(effect.type, effect.data);
        this.#report = this.#withDamage(effect.data.report);
        return record(effect.type, { report: this.#report });
      case "log":
        return log[effect.level](effect.message);
      case "remember":
        return home.ledger.remember(effect.note);
      case "answer": {
        const { requestId, response } = effect;
        if (!response.ok || response.report === undefined) return this.#respond(requestId, response);
        return this.#respond(requestId, { ...response, report: this.#withDamage(response.report) });
      }
      case "setTimer":
        return this.#timers.set(effect.name, effect);
      case "clearTimer":
        return this.#timers.clear(effect.name);
      case "ready":
        return this.#ready();
      case "removeAutostart":
        return this.#background(this.#removeAutostart());
      case "closeSockets":
        return this.#background(this.#closeSockets());
      case "wipeHome":
        return this.#background(this.#wipeHome(effect.deadlineMs));
      case "clearLedger":
        return this.see({ type: "ledgerCleared", ...clearLedger(home, effect) });
      case "exit":
        return void this.#end(effect.ending);
    }
  }

  /** Without a home there is no key, no ledger and no place for jobs: what is left is to go, and to tell the broker. */
  #leaveLostHome(): void {
    const { home, log } = this.#options;
    this.#homeGone = true;
    log.error(`Somebody has removed the home ${home.paths.home}; the agent ends its jobs and leaves this host.`);
    this.ask({ command: "withdraw", reason: "the home was removed" }, () => undefined);
  }

  #ready(): void {
    if (this.#isReady || this.#isEnding) return;
    this.#isReady = true;
    // After the effects of this turn, so that the state that is told is the one it ends in.
    queueMicrotask(() => this.#options.onReady(this.status()));
  }

  async #removeAutostart(): Promise<void> {
    const { home, environment } = this.#options;
    const isLedgerWhole = damageOf(home.ledger) === null;
    this.see({ type: "autostartRemoved", ...(await removeEveryAutostart(home, { environment, isLedgerWhole })) });
  }

  async #closeSockets(): Promise<void> {
    const { home, broker, closeConnections } = this.#options;
    broker?.events.close();
    this.#watch?.stop();
    await this.#control?.stopListening();
    await closeConnections();
    const left = socketsLeft(home);
    const measured =
      left.length === 0
        ? "no socket is bound in the home, and the connections to the broker are closed"
        : `${left.length} sockets are still bound`;
    this.see({ type: "socketsClosed", left, measured });
  }

  /** A second call hurries the wipe that is under way. */
  async #wipeHome(deadlineMs: number): Promise<void> {
    const { home, driver, clock } = this.#options;
    this.#wipeUntilMs = Math.min(this.#wipeUntilMs, clock.monotonicMs() + deadlineMs);
    this.#wipe ??= wipeHome(home, driver, { isOver: () => clock.monotonicMs() > this.#wipeUntilMs });
    this.see({ type: "homeWiped", ...(await this.#wipe) });
  }

  async #end(ending: Ending): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const urgent = ending.how === "interrupted";
    // A withdrawal has its deadline, and all that it does not wait for was given up by one of its steps.
    const waitMs = urgent || ending.how === "withdrawn" ? urgentEndMs : endMs;
    this.#timers.clearAll();
    this.#watch?.stop();
    const { broker, closeConnections, activity } = this.#options;
    broker?.events.close();
    broker?.abort();
    // Waited for with whatever else is under way; nothing that it still notices is heard.
    if (activity !== null) this.#background(activity.close());
    if (urgent) await this.#sandboxes.endAll(urgentEndMs);
    await this.#control?.close();
    await closeConnections();
    // What is still under way (a wipe, an answer) must not find the ledger closed.
    const work = Promise.race([Promise.allSettled(this.#underWay).then(() => false), this.#cutOff.then(() => true)]);
    const unfinished = await withinDeadline(work, { ms: waitMs, late: true });
    this.#isOver = true;
    this.#resolveEnded({ ending, report: this.#report, homeGone: this.#homeGone, unfinished });
  }

  /** The core knows nothing of a damaged ledger: to it, what was found stood there all the time. */
  #withDamage(report: WithdrawalReport): WithdrawalReport {
    const damage = damageOf(this.#options.home.ledger);
    return damage === null ? report : { ...report, missingInLedger: [...damage.missing] };
  }

  /** A process that ends already does not wait any longer for its work when it is told to end once more. */
  #hearSignal(): void {
    const now = this.#options.clock.monotonicMs();
    const isRepeat = now - this.#lastSignalAtMs < agentLimits.signalRepeatMs;
    this.#lastSignalAtMs = now;
    if (this.#isEnding && !isRepeat) this.#cutOffEnd();
  }

  #respond(requestId: string, response: ControlResponse): void {
    const respond = this.#responders.get(requestId);
    this.#responders.delete(requestId);
    respond?.(response);
  }

  #background(work: Promise<void>): void {
    const guarded = this.#guard(work);
    this.#underWay.add(guarded);
    void guarded.finally(() => this.#underWay.delete(guarded));
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // What was given up may find its files, or the ledger, gone.
      if (!this.#isOver) this.#options.onBug(error);
    }
  }
}

function logRecord(log: AgentLog, { type, data }: Extract<AgentEffect, { kind: "record" }>): void {
  if (type === "agent.state") log.info(`${data.from} → ${data.to}: ${data.reason}`);
  else if (type === "agent.refused") log.warn(`Refused ${data.event} while ${data.state}: ${data.reason}`);
  // One of the timer comes with every heartbeat, and would fill the log.
  else if (type === "agent.woke" && data.cause !== "timer") log.info(`Woke: ${data.cause}`);
  else if (type === "agent.execution") log.info(`${data.jobId} ${data.from ?? "new"} → ${data.to}: ${data.reason}`);
  else if (type === "agent.frozen") {
    log.info(`Froze ${data.processes} processes of ${data.sandboxes} sandboxes in ${data.freezeMs.toFixed(1)} ms`);
  }
}
