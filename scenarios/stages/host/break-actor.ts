import type { PlanStepOf } from "../../simulator/plan/plan.ts";
import type { Actor } from "./actor.ts";
import type { HostStage } from "./host-stage.ts";

type Breakage = PlanStepOf<"kill-agent" | "stall-agent" | "kill-broker" | "stall-broker">;

/** Kills a process of the cast, or lets it stand still for a while. Work in flight is lost, or waits. */
export function breakActor(
  stage: HostStage,
  actor: Actor,
  { act, target }: { readonly act: Breakage; readonly target: string },
): string {
  const { history } = stage.options;
  if (actor.hasExited()) return `${actor.name} is down already, so nothing happens`;
  const noted = (detail: string): void =>
    history.record("fault.applied", { fault: act.do, target, detail, subjects: [] });
  if (act.do === "stall-agent" || act.do === "stall-broker") {
    noted(`for ${act.forMs} ms`);
    return stall(stage, actor, { act, target });
  }
  noted(`for ${act.downMs} ms`);
  stage.pauses.ending(actor.name);
  stage.schedule.downMs.set(actor.name, act.downMs);
  actor.kill("SIGKILL");
  const where = act.afterEffects > 0 ? "; how far it got cannot be chosen on a real process" : "";
  return `pid ${actor.pid} is killed${where}`;
}

/** SIGSTOP, and SIGCONT when its time is over; the undo ledger knows before it stands still. */
function stall(
  { schedule, options }: HostStage,
  actor: Actor,
  { act, target }: { readonly act: PlanStepOf<"stall-agent" | "stall-broker">; readonly target: string },
): string {
  const { history, ledger } = options;
  const { pid, startTime, name } = actor;
  const stopped = ledger.register({ undo: "continue-process", pid, startTime, name });
  actor.kill("SIGSTOP");
  const release = schedule.standsStill(pid);
  schedule.later(act.forMs, async () => {
    // Whoever is to stand still for another reason goes on with the last of them.
    if (release() === "last") actor.kill("SIGCONT");
    ledger.forget(stopped);
    history.record("fault.undone", { fault: act.do, target });
  });
  return `pid ${pid} stands still`;
}
