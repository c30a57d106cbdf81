import { setTimeout as pauseFor } from "node:timers/promises";

import { type AgentState, agentStates } from "../../protocol/agent-states.ts";
import { eventuallyWithin as anyEventually, probe as anyProbe } from "../stages/either/probe.ts";
import { eitherStage } from "../stages/either/steps.ts";
import { awaitSettled } from "../stages/host/await-settled.ts";
import type { HostStage } from "../stages/host/host-stage.ts";
import { killBroker } from "../stages/host/kill-broker.ts";
import { hostLooks } from "../stages/host/looks.ts";
import { own } from "../stages/host/own.ts";
import { startBroker } from "../stages/host/start-broker.ts";
import { submit as submitToBroker } from "../stages/host/submit.ts";
import { submitUntil } from "../stages/host/withdraw.ts";
import { verifyResults } from "../stages/host/verify-results.ts";
import { activity, watchUntilStopped } from "../stages/host/witness.ts";
import type { Fact } from "../steps/facts.ts";
import { notApplicable } from "../steps/not-applicable.ts";
import type { Nested } from "../steps/play-steps.ts";
import type { Step, StepOf } from "../steps/step.ts";
import { unknownName } from "../steps/unknown-name.ts";
import { notInTime, WaitError } from "../steps/wait-error.ts";
import { withdrawalGraceMs } from "../steps/withdrawal-load.ts";
import { AbsentGuests } from "./absent-guests.ts";
import type { AgentDefinition } from "./define-agent.ts";
import { Guest } from "./guest.ts";
import { type ForeignStepName, isForeign, whyNotApplicable } from "./step-applies.ts";

const readyWithinMsDefault = 60_000;
const actWithinMs = 60_000;
const lookEveryMs = 50;

type Interpreter<Name extends Step["step"]> = (
  cast: ForeignCast,
  step: StepOf<Name>,
  nested: Nested,
) => Promise<string>;

/** Whose agents they are, and those that joined. */
export class ForeignCast {
  readonly stage: HostStage;
  readonly definition: AgentDefinition;
  readonly absent = new AbsentGuests();

  constructor(stage: HostStage, definition: AgentDefinition) {
    this.stage = stage;
    this.definition = definition;
  }

  guest(name: string): Guest {
    const guest = this.stage.guests.get(name);
    if (guest instanceof Guest) return guest;
    throw unknownName("agent", name);
  }
}

/** What is asked of somebody else's agent, once it is known to have what that is about. */
const interpreters: { readonly [Name in ForeignStepName]: Interpreter<Name> } = {
  together: ({ stage }, step, nested) => eitherStage.together(stage, step, nested),
  during: ({ stage }, step, nested) => eitherStage.during(stage, step, nested),
  repeat: ({ stage }, step, nested) => eitherStage.repeat(stage, step, nested),
  wait: ({ stage }, step) => eitherStage.wait(stage, step),
  own: ({ stage }, step, nested) => own(stage, step, nested),
  "start-broker": ({ stage }) => startBroker(stage),
  "kill-broker": killItsBroker,
  "await-settled": ({ stage }, step) => awaitSettled(stage, step),
  "verify-results": ({ stage }, step) => verifyResults(stage, step),
  submit,
  join,
  pause,
  "watch-frozen": watchFrozen,
  resume,
  "pause-resume-cycles": pauseResumeCycles,
  withdraw,
  probe: (cast, { step, holds }) => anyProbe(looksOf(cast, holds), { step, holds }),
  "eventually-within": (cast, step) => anyEventually({ stage: cast.stage, looks: looksOf(cast, step.holds) }, step),
};

/** Carries out one step with somebody else's agent. @throws NotApplicable */
export async function runForeignStep(cast: ForeignCast, step: Step, nested: Nested): Promise<string> {
  const { absent, definition, stage } = cast;
  const why = whyNotApplicable(definition, step) ?? absent.whyNot(step, stage.guests.size > 0);
  if (step.step === "join" && why === null) absent.came(step);
  else if (step.step === "join" || step.step === "begin-joining") absent.left(step);
  if (why !== null || !isForeign(step)) throw notApplicable(why ?? `nothing is known of "${step.step}"`);
  return await (interpreters[step.step] as Interpreter<typeof step.step>)(cast, step, nested);
}

/**
 * What comes after is about a broker that was killed, also where nothing can be said to it again. That half is left out,
 * and so the whole step is never one that was done.
 */
async function killItsBroker({ stage, definition }: ForeignCast, step: StepOf<"kill-broker">): Promise<string> {
  const { replays, ...rest } = step;
  const killed = await killBroker(stage, rest);
  if (replays === undefined) return killed;
  const why = `what ${definition.name} signs, and with what, is its own affair`;
  throw notApplicable(`${killed}; nothing is said again: ${why}`);
}

async function submit({ stage, definition }: ForeignCast, step: StepOf<"submit">): Promise<string> {
  if (definition.usesBroker === true) return await submitToBroker(stage, step);
  const { batch, jobs, units, unitCpuMs } = step;
  const [guest] = stage.guests.values();
  if (!(guest instanceof Guest)) throw notApplicable("nobody has joined yet whom jobs could be handed to");
  await definition.submit?.(guest.given(stage.options.signal), { batch, jobs, units, unitCpuMs });
  return `${jobs} jobs were handed over`;
}

async function join({ stage, definition }: ForeignCast, { agent, slots }: StepOf<"join">): Promise<string> {
  const { readyWithinMs = readyWithinMsDefault } = definition;
  const guest = new Guest(stage, { name: agent, slots }, definition);
  stage.guests.set(agent, guest);
  const beganAtMs = stage.nowMs;
  await guest.act("join", readyWithinMs);
  for (;;) {
    const failure = await answerOf(guest);
    if (failure === null) break;
    if (stage.nowMs - beganAtMs > readyWithinMs) throw notInTime(`${agent} to answer (${failure})`, readyWithinMs);
    await stage.pass(lookEveryMs);
  }
  const processes = guest.processes();
  return `${definition.name} is there, with ${processes.length} processes: ${processes.join(", ")}`;
}

/** Why it does not answer; null where it does, or cannot be asked. */
async function answerOf(guest: Guest): Promise<string | null> {
  if (guest.definition.status === undefined) return null;
  return await guest.act("status", actWithinMs).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

async function pause(cast: ForeignCast, { agent }: Pick<StepOf<"pause">, "agent">): Promise<string> {
  const { history } = cast.stage.options;
  const guest = cast.guest(agent);
  const witness = guest.witness();
  const askedAt = performance.now();
  await guest.act("pause", actWithinMs);
  const stoppedAt = watchUntilStopped(witness, cast.definition.standsWithinMs);
  if (stoppedAt === undefined) {
    throw new WaitError(`${agent} was asked to pause and its processes ran on: ${witness.running().join(", ")}.`, {
      code: "not-frozen",
      next: `Look at them with: ps -o pid,stat,wchan:20,args -p ${witness.running().join(",")}.`,
    });
  }
  const latencyMs = stoppedAt - askedAt;
  const processes = guest.watchFrozen();
  history.record("witness.freeze", { latencyMs, source: witness.source, processes, agentFreezeMs: null });
  return `${processes} processes seen stopped after ${latencyMs.toFixed(2)} ms`;
}

/** From the pause up to here nothing may have run. */
function lookAtFrozen({ stage }: ForeignCast, guest: Guest): void {
  const { frozen } = guest;
  if (frozen === undefined) return;
  const { cpuUsedUs, running } = activity(frozen.before, guest.witness());
  const forMs = performance.now() - frozen.sinceMs;
  stage.options.history.record("witness.frozen", { processes: frozen.before.size, running, cpuUsedUs, forMs });
}

async function watchFrozen(cast: ForeignCast, { agent, forMs }: StepOf<"watch-frozen">): Promise<string> {
  const guest = cast.guest(agent);
  await pauseFor(forMs, undefined, { signal: cast.stage.options.signal });
  lookAtFrozen(cast, guest);
  return `${guest.processes().length} processes watched`;
}

async function resume(cast: ForeignCast, { agent }: Pick<StepOf<"resume">, "agent">): Promise<string> {
  const guest = cast.guest(agent);
  lookAtFrozen(cast, guest);
  guest.frozen = undefined;
  const processes = guest.processes().length;
  const askedAt = performance.now();
  await guest.act("resume", actWithinMs);
  const latencyMs = performance.now() - askedAt;
  cast.stage.options.history.record("witness.resume", { latencyMs, processes });
  const failure = await answerOf(guest);
  if (failure === null) return `done after ${latencyMs.toFixed(1)} ms`;
  throw new WaitError(`${agent} was resumed and does not answer: ${failure}`, {
    code: "not-resumed",
    next: "Look at its own logs.",
  });
}

async function pauseResumeCycles(cast: ForeignCast, step: StepOf<"pause-resume-cycles">): Promise<string> {
  for (let cycle = 0; cycle < step.cycles; cycle += 1) {
    await pause(cast, step);
    await resume(cast, step);
  }
  return `${step.cycles} times`;
}

async function withdraw(cast: ForeignCast, step: StepOf<"withdraw">): Promise<string> {
  const { agent, deadlineMs, underLoad, asks = 1 } = step;
  const { name, usesBroker } = cast.definition;
  const { history, ledger } = cast.stage.options;
  const guest = cast.guest(agent);
  lookAtFrozen(cast, guest);
  guest.frozen = undefined;
  const before = guest.processes().length;
  const beganAt = performance.now();
  const withinMs = deadlineMs + withdrawalGraceMs;
  const gone = guest.act("withdraw", withinMs);
  if (underLoad !== undefined && usesBroker === true) await submitUntil(cast.stage, underLoad, gone);
  await gone;
  for (let left = guest.processes(); left.length > 0; left = guest.processes()) {
    if (performance.now() - beganAt > withinMs) {
      throw new WaitError(`${agent} withdrew, and ${left.length} processes of it go on: ${left.join(", ")}.`, {
        code: "still-running",
        next: `Look at them with: ps -o pid,stat,args -p ${left.join(",")}.`,
      });
    }
    await cast.stage.pass(lookEveryMs);
  }
  const tookMs = performance.now() - beganAt;
  ledger.forget(guest.undo);
  history.record("witness.withdrawn", { tookMs, deadlineMs });
  const told = `gone after ${(tookMs / 1_000).toFixed(1)} s, with its ${before} processes`;
  if (underLoad !== undefined && usesBroker !== true) {
    throw notApplicable(`${told}; under no load: ${name} takes no work from a broker`);
  }
  if (asks > 1)
    throw notApplicable(`${told}; asked once: two commands of ${name}'s adapter at once are its own affair`);
  return told;
}

type Looks = Parameters<typeof anyProbe>[0];

function looksOf(cast: ForeignCast, { fact }: Fact): Looks {
  const { stage } = cast;
  if (fact === "broker" || fact === "jobs") return hostLooks(stage);
  return {
    ...hostLooks(stage),
    hasProcess: (name) => cast.guest(name).processes().length > 0,
    async status(name) {
      const told = await cast
        .guest(name)
        .act("status", actWithinMs)
        .catch(() => undefined);
      return { state: stateOf(told) } as Awaited<ReturnType<Looks["status"]>>;
    },
  };
}

/** What a function returned or a command printed first, if that is a state. */
function stateOf(told: unknown): AgentState {
  const word = typeof told === "string" ? told.trim().split(/\s/)[0] : "";
  return agentStates.find((state) => state === word) ?? "Idle";
}
