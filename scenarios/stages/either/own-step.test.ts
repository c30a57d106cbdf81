import { describe, expect, it } from "vitest";

import { InterruptedError } from "../../../foundation/errors.ts";
import type { Step } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";
import { callOwn, givenOn } from "./own-step.ts";

const stage = { nowMs: 0, records: [], agents: new Map(), pass: async () => undefined } as unknown as AnyStage & {
  agents: Map<string, unknown>;
};
const pause: Step = { step: "pause", agent: "donor" };

function given(play: () => Promise<void> = async () => undefined) {
  return givenOn(stage, { looks: {} as never, nested: { play } });
}

describe("a step of a scenario's author", () => {
  it("says in words what came of it, or nothing", async () => {
    expect(await callOwn("mine", given(), async () => "held")).toBe("held");
    expect(await callOwn("mine", given(), () => undefined)).toBe("");
    await expect(callOwn("mine", given(), () => ({ x: 1 }) as never)).rejects.toThrow("and returned { x: 1 }.");
  });

  it("fails of whatever it throws, with one full stop", async () => {
    const says = (words: string) =>
      callOwn("mine", given(), () => {
        throw new Error(words);
      });
    await expect(says("boom")).rejects.toThrow(/^The step "mine" failed: boom\.$/);
    await expect(says("boom.")).rejects.toThrow(/failed: boom\.$/);
  });

  it("hands on why a run is to end, which is no failure of the step", async () => {
    const interrupted = new InterruptedError("Interrupted by SIGINT.", { code: "interrupted", next: "" });
    await expect(callOwn("mine", given(), () => Promise.reject(interrupted))).rejects.toBe(interrupted);
  });

  it("fails where it does not wait for the steps that it plays", async () => {
    const never = given(() => new Promise(() => undefined));
    const goes = callOwn("mine", never, () => void never.stage.play(pause));
    await expect(goes).rejects.toThrow("while steps that it plays were under way");
    const good = given();
    expect(await callOwn("mine", good, async () => await good.stage.play(pause))).toBe("");
  });

  it("is refused what is no step, and no time, by name", async () => {
    const { stage: own } = given();
    await expect(own.play({ step: "paus", agent: "donor" } as never)).rejects.toThrow('did you mean "pause"?');
    await expect(own.pass(Number.NaN)).rejects.toThrow("was given NaN");
    await expect(own.pass(-1)).rejects.toThrow("milliseconds from 0");
    await expect(own.pass("5" as never)).rejects.toThrow("was given '5'");
    await expect(own.pass(0)).resolves.toBeUndefined();
  });
});
