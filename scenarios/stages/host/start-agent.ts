import { join as joinPath } from "node:path";

import * as z from "zod";

import { controlSocketName } from "../../../protocol/control.ts";
import { jobReadOptions } from "../../jobs/job-read.ts";
import { type Actor, launchActor, type StartedActor, startActor } from "./actor.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";

/** An agent whose start only finished a withdrawal may have none. */
const Ready = z.looseObject({ agentId: z.string().nullable(), pid: z.int(), driver: z.string().optional() });

export interface AgentStart {
  readonly name: string;
  readonly slots: number;
  /** Further options of `join`. */
  readonly options?: readonly string[];
  /** The agent's program, where it is not that of the run. */
  readonly command?: readonly string[];
  /** What it finds in its environment beside the harness's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Starts an agent's process, on a home that is new or that an earlier process left, and waits until it has joined. */
export async function startAgent(
  stage: HostStage,
  { readyWithinMs, ...start }: AgentStart & { readonly readyWithinMs: number },
): Promise<{ agent: HostAgent; driver: string | undefined }> {
  const { name, slots } = start;
  const { actor, ready } = await startActor({
    ...requestOf(stage, start),
    ...{ ready: Ready, readyWithinMs, signal: stage.schedule.signal },
  });
  stage.see(actor.pid, "agent");
  stage.agentPids.set(actor.pid, name);
  const agentId = ready.agentId ?? stage.agents.get(name)?.agentId ?? "";
  const home = stage.homeOf(name);
  const agent = { name, home, agentId, slots, control: joinPath(home, controlSocketName), actor };
  stage.agents.set(name, agent);
  noteExit(stage, actor);
  return { agent, driver: ready.driver };
}

/** As `startAgent`, and waits for nothing: it may not come to join, or be gone before it could say so. */
export function launchAgent(stage: HostStage, start: AgentStart): StartedActor {
  const started = launchActor(requestOf(stage, start));
  const { actor } = started;
  stage.see(actor.pid, "agent");
  stage.agentPids.set(actor.pid, start.name);
  noteExit(stage, actor);
  return started;
}

function noteExit({ options }: HostStage, { name, pid, exited }: Actor): void {
  void exited.then(({ code, signal }) => options.history.record("process.exit", { name, pid, code, signal }));
}

function requestOf(stage: HostStage, { name, slots, options: more = [], command, environment }: AgentStart) {
  const { options, running, links } = stage;
  return {
    name,
    command: [
      ...(stage.network?.enter(name) ?? []),
      ...(command ?? options.agentCommand),
      ...["join", "--foreground", "--json", "--home", stage.homeOf(name), "--slots", String(slots)],
      ...["--broker", links.url(name) ?? running.url, "--token", running.joinToken, ...jobReadOptions(), ...more],
    ],
    run: options.id,
    historyFile: options.directory.history,
    logDirectory: options.directory.logs,
    cgroup: stage.cgroup,
    environment: { ...stage.clocks.environmentOf(name), ...environment },
    cages: [...(stage.hostile.cageOf.get(name)?.values() ?? [])],
    ledger: options.ledger,
  };
}
