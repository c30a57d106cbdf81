import { describe, expect, test } from "vitest";

import { SmallWorld } from "../testing/small-world.ts";
import type { AgentProcess } from "./agent-process.ts";
import { OwnerRequests } from "./owner-requests.ts";

const host = { agentId: "a".repeat(64) };

/** A process that its owner asks; `stood` is how long it has stood still. */
function scene() {
  const small = new SmallWorld({});
  const process = { world: small.world, host, stalledMs: 0 };
  const requests = new OwnerRequests(process as unknown as AgentProcess);
  const heard = () => small.said("witness.answered");
  return { small, process, requests, heard };
}

describe("what an owner asks", () => {
  test("is heard once, with the time that it took", () => {
    const { small, requests, heard } = scene();
    const answers: unknown[] = [];
    const requestId = requests.ask({ command: "resume" }, (answer) => answers.push(answer));
    expect(requests.waiting).toBe(1);
    small.passUntil(40);
    requests.answer(requestId, { ok: true, resumeMs: 1 });
    expect(answers).toEqual([{ ok: true, resumeMs: 1 }]);
    expect(heard()).toMatchObject([{ request: 1, command: "resume", ok: true, code: null, waitedMs: 40 }]);
    expect(requests.waiting).toBe(0);
    expect(() => requests.answer(requestId, { ok: true })).toThrow("answered again");
  });

  test("ends with the process", () => {
    const { requests, heard } = scene();
    requests.ask({ command: "withdraw", deadlineMs: 5 }, () => undefined);
    requests.hangUp();
    expect(heard()).toMatchObject([{ command: "withdraw", ok: false, code: "ended" }]);
  });

  test("is given up when its time is over, in which the process stood still counts for nothing", () => {
    const { small, process, requests, heard } = scene();
    requests.ask({ command: "withdraw", deadlineMs: 2_000 }, () => undefined);
    process.stalledMs = 500;
    small.passUntil(3_400);
    expect(heard()).toEqual([]);
    small.passUntil(3_500);
    expect(heard()).toMatchObject([{ code: "no-answer", waitedMs: 3_000 }]);
  });
});
