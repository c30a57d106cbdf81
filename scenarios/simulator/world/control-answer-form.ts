import { assert } from "../../../foundation/assert.ts";
import { type ControlRequest, ControlResponse } from "../../../protocol/control.ts";
import { Form } from "./form.ts";

const controlResponse = new Form("the answer to a control request", ControlResponse);

/** What whoever asks reads from a yes. */
const readFrom = { status: "status", pause: "pause", resume: "resumeMs", withdraw: "report" } as const;

/** The commands of the agent's own CLI cannot go on with an answer that lacks what they print. */
export function checkAnswer({ command }: Pick<ControlRequest, "command">, response: ControlResponse): void {
  controlResponse.demand(response, true);
  assert(!response.ok || response[readFrom[command]] !== undefined, `the answer to ${command} says what came of it`);
}
