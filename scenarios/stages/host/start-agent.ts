import { join as joinPath } from "node:path";

import * as z from "zod";

import { controlSocketName } from "../../../protocol/control.ts";
import { jobReadOptions } from "../../jobs/job-read.ts";
import { startActor } from "./actor.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";

/** An agent whose start only finished a withdrawal may have none. */
const Ready = z.looseObject({ agentId: z.string().nullable(), pid: z.int(), driver: z.string().optional() });

/** Starts an agent's process, on a home that is new or that an earlier process left, and waits until it has joined. */
export async function startAgent(
  stage: HostStage,
  {
    name,
    slots,
    readyWithinMs,
    options: more = [],
  }: { name: string; slots: number; readyWithinMs: number; options?: readonly string[] },
): Promise<{ agent: HostAgent; driver: string | undefined }> {
  const { options, running, links } = stage;
  const home = joinPath(stage.place, name);
  const { actor, ready } = await startActor({
    name,
    command: [
      ...(stage.network?.enter(name) ?? []),
      ...options.agentCommand,
      ...["join", "--foreground", "--json", "--home", home, "--slots", String(slots)],
      ...["--broker", links.url(name) ?? running.url, "--token", running.joinToken, ...jobReadOptions(), ...more],
    ],
    ready: Ready,
    readyWithinMs,
    run: options.id,
    historyFile: options.directory.history,
    logDirectory: options.directory.logs,
    cgroup: stage.cgroup,
    cages: [...(stage.hostile.cageOf.get(name)?.values() ?? [])],
    ledger: options.ledger,
    signal: stage.schedule.signal,
  });
  stage.see(actor.pid, "agent");
  stage.agentPids.set(actor.pid, name);
  const agentId = ready.agentId ?? stage.agents.get(name)?.agentId ?? "";
  const agent = { name, home, agentId, slots, control: joinPath(home, controlSocketName), actor };
  stage.agents.set(name, agent);
  void actor.exited.then(({ code, signal }) => {
    options.history.record("process.exit", { name, pid: actor.pid, code, signal });
  });
  return { agent, driver: ready.driver };
}
