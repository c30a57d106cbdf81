import { join as joinPath } from "node:path";

import * as z from "zod";

import { controlSocketName } from "../../../protocol/control.ts";
import type { StepOf } from "../../steps/step.ts";
import { startActor } from "./actor.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";

const readyWithinMs = 20_000;
const Ready = z.looseObject({ agentId: z.string(), pid: z.int(), driver: z.string().optional() });

/** Starts an agent with a home of its own and waits until it has joined. */
export async function join(stage: HostStage, step: StepOf<"join">): Promise<string> {
  const { options, running } = stage;
  const home = joinPath(stage.place, step.agent);
  options.ledger.register({ undo: "withdraw-agent", command: [...options.agentCommand], home });
  await stage.watch.follow(home);
  const { actor, ready } = await startActor({
    name: step.agent,
    command: [
      ...options.agentCommand,
      ...["join", "--foreground", "--json", "--home", home, "--slots", String(step.slots)],
      ...["--broker", running.url, "--token", running.joinToken],
    ],
    ready: Ready,
    readyWithinMs,
    run: options.id,
    historyFile: options.directory.history,
    logDirectory: options.directory.logs,
    cgroup: stage.cgroup,
    ledger: options.ledger,
    signal: options.signal,
  });
  stage.see(actor.pid, "agent");
  stage.agents.set(step.agent, {
    name: step.agent,
    home,
    agentId: ready.agentId,
    control: joinPath(home, controlSocketName),
    actor,
  });
  void actor.exited.then(({ code, signal }) => {
    options.history.record("process.exit", { name: step.agent, pid: actor.pid, code, signal });
  });
  // Whoever says that it joined must be there to be asked.
  await agentStatus(stage, step.agent);
  return `agent ${ready.agentId.slice(0, 12)}, pid ${actor.pid}${ready.driver === undefined ? "" : `, sandbox ${ready.driver}`}`;
}
