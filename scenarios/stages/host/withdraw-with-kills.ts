import { existsSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { withinDeadline } from "../../../foundation/deadline.ts";
import { ExitCode } from "../../../foundation/exit-codes.ts";
import { orAborted } from "../../interruption.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { notInTime } from "../../steps/wait-error.ts";
import { withdrawalGraceMs } from "../../steps/withdrawal-load.ts";
import type { ActorExit } from "./actor.ts";
import { killedAtVariable } from "./killed-at.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { ownerCall } from "./owner-call.ts";
import { launchAgent, startAgent } from "./start-agent.ts";

type Step = StepOf<"withdraw-with-kills">;

/** Loaded into the agent's process before its program; a file of the repository's own beside this one. */
const killedAt = fileURLToPath(new URL("killed-at.ts", import.meta.url));

/**
 * Has the agent started anew with a fuse in its process, which kills it as soon as a certain step of its withdrawal is
 * on its disk: no look from outside is as exact. Each start has a fuse at the next step, the last one has none.
 */
export async function withdrawWithKills(stage: HostStage, step: Step): Promise<string> {
  const { name, slots } = stage.agent(step.agent);
  const command = fused(stage.options.agentCommand);
  const beganAt = performance.now();
  const places: string[] = [];
  let agent = stage.agent(step.agent);
  keepKey(stage, agent);
  for (const [index, at] of step.at.entries()) {
    if (!existsSync(agent.home)) break;
    const environment = { [killedAtVariable]: at };
    if (index === 0) {
      agent = await startFused(stage, { agent, command, environment, withinMs: step.withinMs });
      ask(stage, agent, step);
    } else agent = await goOn(stage, { name, slots, command, environment });
    const exit = await endOf(stage, agent, step);
    if (exit.signal !== "SIGKILL") break;
    const { history } = stage.options;
    const { agentId: target } = agent;
    history.record("fault.applied", { fault: "kill-agent", target, detail: `at ${at}`, subjects: [] });
    history.record("fault.undone", { fault: "kill-agent", target });
    places.push(at);
  }
  if (existsSync(agent.home)) {
    agent = await goOn(stage, { name, slots, command: stage.options.agentCommand, environment: {} });
    const exit = await endOf(stage, agent, step);
    if (exit.code !== ExitCode.pass) throw badEnd(agent, exit);
  }
  const tookMs = performance.now() - beganAt;
  if (existsSync(agent.home)) throw badEnd(agent, { code: 0, signal: null });
  return `killed at ${places.join(", ")}; gone after ${(tookMs / 1_000).toFixed(1)} s`;
}

/** The agent that joined gets a fuse by a restart, which is no kill: it keeps what it has. */
async function startFused(
  stage: HostStage,
  how: { agent: HostAgent; command: readonly string[]; environment: NodeJS.ProcessEnv; withinMs: number },
): Promise<HostAgent> {
  const { agent, command, environment, withinMs } = how;
  const { name, slots } = agent;
  agent.actor.kill("SIGTERM");
  await orAborted(agent.actor.exited, stage.options.signal);
  return (await startAgent(stage, { name, slots, readyWithinMs: withinMs, command, environment })).agent;
}

/** Whoever finds a withdrawal in its journal goes on with it, and may be gone before it is ready. */
async function goOn(
  stage: HostStage,
  how: { name: string; slots: number; command: readonly string[]; environment: NodeJS.ProcessEnv },
): Promise<HostAgent> {
  const { actor } = launchAgent(stage, how);
  const agent = { ...stage.agent(how.name), actor };
  stage.agents.set(how.name, agent);
  return agent;
}

/** Nobody answers any more whom the fuse killed. */
function ask(stage: HostStage, agent: HostAgent, { deadlineMs }: Step): void {
  const { signal } = stage.options;
  const request = { command: "withdraw", reason: "scenario", deadlineMs } as const;
  ownerCall(stage, agent, { request, withinMs: deadlineMs + withdrawalGraceMs, signal }).catch(() => undefined);
}

async function endOf(stage: HostStage, { actor, name }: HostAgent, { withinMs }: Step): Promise<ActorExit> {
  const ended = withinDeadline(actor.exited, { ms: withinMs, late: undefined });
  const exit = await orAborted(ended, stage.options.signal);
  if (exit === undefined) throw notInTime(`the end of ${name}, which withdraws`, withinMs);
  return exit;
}

/** The fuse is a module that Node loads before the program. */
function fused(command: readonly string[]): string[] {
  const [program = "", ...rest] = command;
  if (basename(program).startsWith("node") && rest.length > 0) return [program, "--import", killedAt, ...rest];
  throw new StepError("Only an agent that Node runs can be killed at a step of its own.", {
    code: "not-node",
    next: "Leave the scenario out for this agent, or run it by the command `node PROGRAM`.",
  });
}

function badEnd({ name, home }: HostAgent, { code, signal }: ActorExit): StepError {
  const left = existsSync(home) ? `; ${home} is still there` : "";
  return new StepError(`${name} was to come to the end of its withdrawal, and ended with ${code ?? signal}${left}.`, {
    code: "bad-end",
    next: `Read why in the run directory's logs/${name}.log.`,
  });
}
