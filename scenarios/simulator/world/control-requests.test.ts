import { expect, test } from "vitest";

import type { ControlResponse } from "../../../protocol/control.ts";
import { ControlRequests } from "./control-requests.ts";

function scene() {
  const requests = new ControlRequests();
  const heard: ControlResponse[] = [];
  const ask = (id: string, command: "resume" | "pause") =>
    requests.wait(id, { command }, (response) => heard.push(response));
  return { requests, heard, ask };
}

test("whoever asked hears the answer, once", () => {
  const { requests, heard, ask } = scene();
  ask("one", "resume");
  expect([requests.size, requests.waitsFor("resume"), requests.waitsFor("pause")]).toEqual([1, true, false]);
  requests.answer("one", { ok: true, resumeMs: 1 });
  expect([requests.size, heard]).toEqual([0, [{ ok: true, resumeMs: 1 }]]);
  expect(() => requests.answer("one", { ok: true, resumeMs: 1 })).toThrow(/answered once/);
});

test("a yes that lacks what came of it is refused, and a no needs none", () => {
  const { requests, heard, ask } = scene();
  ask("one", "pause");
  expect(() => requests.answer("one", { ok: true, resumeMs: 1 })).toThrow(/the answer to pause/);
  ask("two", "pause");
  requests.answer("two", { ok: false, code: "refused", message: "no", next: "wait" });
  expect(heard).toHaveLength(1);
  ask("three", "pause");
  expect(() => requests.answer("three", {} as ControlResponse)).toThrow(/not what the protocol says/);
});
