import { describe, expect, it } from "vitest";

import { type Ask, consentTo } from "./may-hurt.ts";

const storm = { name: "storm", hurts: "It takes every processor." };
const calm = { name: "calm" };
const answering = (answer: string): { ask: NonNullable<Ask>; asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    ask: async (question) => {
      asked.push(question);
      return answer;
    },
  };
};

describe("consentTo", () => {
  it("asks nobody where nothing hurts, or --yes says that it may", async () => {
    const { ask, asked } = answering("no");
    const harmless = await consentTo([calm], { yes: false, named: ["calm"], ask });
    const allowed = await consentTo([storm, calm], { yes: true, named: [], ask });
    expect([harmless.refused(calm), allowed.refused(storm), asked.length]).toEqual([null, null, 0]);
  });

  it("asks once at a terminal, with what may happen", async () => {
    const { ask, asked } = answering("y");
    const { refused } = await consentTo([storm, calm], { yes: false, named: ["storm"], ask });
    expect(refused(storm)).toBeNull();
    expect(asked).toEqual([expect.stringContaining("storm: It takes every processor.\nRun them? [y/N]")]);
  });

  it.each(["", "n", "yikes"])("takes %j for a no", async (answer) => {
    const { refused } = await consentTo([storm, calm], { yes: false, named: [], ask: answering(answer).ask });
    expect(refused(calm)).toBeNull();
    expect(refused(storm)).toMatchObject({
      why: expect.stringContaining("every processor"),
      remedy: expect.stringContaining("--yes"),
    });
  });

  it("refuses what was named where nobody can be asked, and names --yes", async () => {
    const consent = consentTo([storm], { yes: false, named: ["storm"], ask: null });
    await expect(consent).rejects.toThrow(
      expect.objectContaining({ code: "may-hurt", exitCode: 64, next: expect.stringContaining("--yes") }),
    );
  });
});
