import { mkdirSync } from "node:fs";
import { join as joinPath } from "node:path";

import { present } from "../../../foundation/assert.ts";
import { mountOwnDisk } from "../../faults/own-disk.ts";
import type { StepOf } from "../../steps/step.ts";
import { agentStatus } from "./await-busy.ts";
import { makeCage } from "./cage.ts";
import { checkPrivate } from "./check-private.ts";
import type { HostStage } from "./host-stage.ts";
import { seatOf } from "./own-network.ts";
import { startAgent } from "./start-agent.ts";
import { hookHere, seenHook } from "./startup-hook.ts";

const readyWithinMs = 20_000;

/** Starts an agent with a home of its own and waits until it has joined. */
export async function join(stage: HostStage, step: StepOf<"join">): Promise<string> {
  const { options } = stage;
  if (step.diskMb !== undefined) await giveDisk(stage, step.agent, step.diskMb);
  const home = stage.homeOf(step.agent);
  const hook = step.autostart === true ? hookHere(stage) : undefined;
  options.ledger.register({ undo: "withdraw-agent", command: [...options.agentCommand], home });
  await stage.watch.follow(home);
  const seat = await seatOf(stage, step.agent);
  if (step.link === true) {
    const seed = String(options.random.stream(`link/${step.agent}`).nextUint32());
    if (seat !== undefined) await stage.links.enter(present(stage.network, "it has a seat").routerNamespace);
    const address = seat === undefined ? {} : { address: seat.router };
    await stage.links.open(step.agent, { target: stage.running.url, seed, ...address });
  }
  const watches =
    step.quietS === undefined ? [] : ["--pause-on-touch", desk(stage, step.agent), "--quiet", String(step.quietS)];
  if (step.cage !== undefined) stage.hostile.cageOf.set(step.agent, makeCage(stage, step.agent, step.cage));
  const confined = step.sandbox === undefined ? [] : ["--sandbox", step.sandbox];
  const { agent, driver } = await startAgent(stage, {
    ...{ name: step.agent, slots: step.slots, readyWithinMs },
    options: [...watches, ...confined, ...(hook?.options ?? [])],
  });
  // Whoever says that it joined must be there to be asked.
  await agentStatus(stage, step.agent);
  checkPrivate(agent);
  const { agentId, actor } = agent;
  const told = [`agent ${agentId.slice(0, 12)}`, `pid ${actor.pid}`];
  if (driver !== undefined) told.push(`sandbox ${driver}`);
  if (hook !== undefined) told.push(seenHook(hook, agent));
  return told.join(", ");
}

/** Makes a disk on which nobody else's files lie. */
async function giveDisk({ place, disks, options }: HostStage, name: string, megabytes: number): Promise<void> {
  const path = joinPath(place, `${name}-disk`);
  options.ledger.register({ undo: "unmount", path });
  mkdirSync(path);
  await mountOwnDisk(path, megabytes);
  disks.set(name, path);
}

/** Makes what the owner works on. */
function desk({ place, desks, options }: HostStage, name: string): string {
  const path = joinPath(place, `${name}-desk`);
  options.ledger.register({ undo: "remove-directory", path });
  mkdirSync(path);
  desks.set(name, path);
  return path;
}
