import type { StepOf } from "../../steps/step.ts";
import type { Nested } from "../../steps/play-steps.ts";
import type { HostStepStage } from "../../steps/step-stage.ts";
import { callOwn, givenOn, ownStepOf } from "../either/own-step.ts";
import type { HostStage } from "./host-stage.ts";
import { hostLooks } from "./looks.ts";

/** Does what a scenario's author defined, among real processes. */
export async function own(stage: HostStage, step: StepOf<"own">, nested: Nested): Promise<string> {
  const { definition, parameters } = ownStepOf(step);
  const { signal, directory, ledger } = stage.options;
  const given = givenOn(stage, { looks: hostLooks(stage), nested });
  const stageOfStep: HostStepStage = {
    ...given.stage,
    kind: "host",
    ...{ signal, directory: directory.path },
    brokerUrl: stage.broker?.here,
    agent(name) {
      const { agentId, actor, home } = stage.agent(name);
      return { agentId, pid: actor.pid, home };
    },
    undo(how) {
      const id = ledger.register(
        "run" in how
          ? { undo: "run-command", command: [...how.run] }
          : { undo: "remove-directory", path: how.removeDirectory },
      );
      return () => ledger.forget(id);
    },
  };
  return await callOwn(step.name, given, () => definition.host(stageOfStep, parameters));
}
