import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import type { WithdrawalRecord } from "./state.ts";

test("a key that an earlier attempt put off is asked after by whoever finishes the one that was confirmed", () => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.broker.up = false;
  world.see({ type: "control", requestId: "withdraw", request: { command: "withdraw" } });
  const current = () => world.core.withdrawal?.record.current;
  world.goOnUntil(() => current() === "remove-autostart");
  world.kill();
  world.broker.up = true;
  world.start();
  world.goOnUntil(() => current() === "revoke-key");
  world.kill();
  world.start();
  world.settle();
  const [report] = world.history.reports;
  expect(report).toMatchObject({ attempts: 3, keyRevoked: "confirmed" });
  expect(report?.steps.find(({ step }) => step === "revoke-key")).toMatchObject({ outcome: "done" });
});

test("where no broker knows the agent, one that was killed before it said so of the key asks nobody, and says so", () => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.see({ type: "control", requestId: "withdraw", request: { command: "withdraw" } });
  world.goOnUntil(() => world.core.withdrawal?.record.current === "hand-back");
  const note = structuredClone(world.notes.get("withdrawal")) as WithdrawalRecord;
  const told = { step: "hand-back", outcome: "nothing-to-do", durationMs: 0, measured: "" } as const;
  world.kill();
  world.notes.set("withdrawal", { ...note, keyRevoked: "no-key", current: "revoke-key", steps: [...note.steps, told] });
  world.start();
  const asked = new Set<string>();
  world.goOnUntil(() => {
    for (const { name } of world.pending) asked.add(name);
    return world.ending !== null;
  });
  expect([...asked]).not.toContain("probe");
  const [report] = world.history.reports;
  expect(report).toMatchObject({ keyRevoked: "no-key" });
  expect(report?.steps.find(({ step }) => step === "revoke-key")).toMatchObject({ outcome: "nothing-to-do" });
});
