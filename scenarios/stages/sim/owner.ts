import type { ControlRequest, ControlResponse } from "../../../protocol/control.ts";
import { StepError } from "../../steps/step-error.ts";
import type { SimStage } from "./sim-stage.ts";

/** How long an agent may take to answer its owner, in milliseconds; as on the host. */
const answerWithinMs = 30_000;
/** The most that an answer takes over a control socket while the machine is busy, in milliseconds. */
const hearsMsMax = 5;

type Granted = Extract<ControlResponse, { ok: true }>;

/** The owner asks the agent for something; the result is its answer as soon as there is one. */
export function ask(
  stage: SimStage,
  name: string,
  request: ControlRequest,
): { readonly answer: ControlResponse | null } {
  const { body } = stage.agent(name);
  if (body === null) {
    throw new StepError(`The agent ${name} does not run, so that nobody answers its owner.`, {
      code: "no-agent",
      next: "The history in the run directory tells how it ended.",
    });
  }
  const asked: { answer: ControlResponse | null } = { answer: null };
  body.ask(request, (response) => (asked.answer = response));
  return asked;
}

/** As `ask`, and lets time pass until the owner has heard the answer. */
export async function answered(stage: SimStage, name: string, request: ControlRequest): Promise<Granted> {
  const asked = ask(stage, name, request);
  await stage.until(`${name}'s answer to ${request.command}`, () => asked.answer !== null, answerWithinMs);
  await hear(stage);
  return granted(asked.answer);
}

/** An answer is on its way to the owner, who then has to think of something else. */
export async function hear(stage: SimStage): Promise<void> {
  await stage.pass(stage.owner.upTo("hears", hearsMsMax));
}

/** @throws StepError with the agent's own words when it refused */
export function granted(answer: ControlResponse | null): Granted {
  if (answer?.ok === true) return answer;
  const { code, message, next } = answer ?? { code: "no-answer", message: "The agent gave no answer.", next: "" };
  throw new StepError(message, { code, next });
}
