import { assert } from "../../../foundation/assert.ts";
import { type ControlRequest, ControlResponse } from "../../../protocol/control.ts";
import { Form } from "./form.ts";

type Answered = (response: ControlResponse) => void;

const controlResponse = new Form("the answer to a control request", ControlResponse);

/** What whoever asks reads from a yes. */
const readFrom = { status: "status", pause: "pause", resume: "resumeMs", withdraw: "report" } as const;

/** Who waits for an answer over the control socket of one process. */
export class ControlRequests {
  /** Most are never asked for anything. */
  #waiting: Map<string, { readonly request: ControlRequest; readonly answered: Answered }> | null = null;

  get size(): number {
    return this.#waiting?.size ?? 0;
  }

  wait(requestId: string, request: ControlRequest, answered: Answered): void {
    (this.#waiting ??= new Map()).set(requestId, { request, answered });
  }

  /** Whether somebody waits for the answer to such a request. */
  waitsFor(command: ControlRequest["command"]): boolean {
    for (const { request } of this.#waiting?.values() ?? []) if (request.command === command) return true;
    return false;
  }

  answer(requestId: string, response: ControlResponse): void {
    const waiting = this.#waiting?.get(requestId);
    assert(waiting !== undefined, "a request is answered once");
    this.#waiting?.delete(requestId);
    checkAnswer(waiting.request, response);
    waiting.answered(response);
  }
}

/** The commands of the agent's own CLI cannot go on with an answer that lacks what they print. */
export function checkAnswer({ command }: ControlRequest, response: ControlResponse): void {
  controlResponse.demand(response, true);
  assert(!response.ok || response[readFrom[command]] !== undefined, `the answer to ${command} says what came of it`);
}
