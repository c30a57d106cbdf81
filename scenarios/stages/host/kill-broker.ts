import { setTimeout as pauseFor } from "node:timers/promises";

import { orAborted } from "../../interruption.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { heardCall, replay } from "./replay-call.ts";
import { startBroker } from "./start-broker.ts";

/** Kills the broker, with whatever it had not committed. Calls that are under way are cut off. */
export async function killBroker(stage: HostStage, { downMs, replays }: StepOf<"kill-broker">): Promise<string> {
  const { actor } = stage.running;
  const { history, signal } = stage.options;
  const detail = downMs === undefined ? "until it is started again" : `for ${downMs} ms`;
  await stage.faults.look();
  const heard = replays === undefined ? undefined : await heardCall(stage, replays);
  history.record("fault.applied", { fault: "kill-broker", target: "broker", detail, subjects: [] });
  stage.brokerIsKilled = true;
  actor.kill("SIGKILL");
  await orAborted(actor.exited, signal);
  if (downMs === undefined) return `pid ${actor.pid} is killed`;
  await pauseFor(downMs, undefined, { signal });
  const again = `pid ${actor.pid} was killed; again at ${await startBroker(stage)}`;
  return heard === undefined ? again : `${again}; ${await replay(stage, heard)}`;
}
