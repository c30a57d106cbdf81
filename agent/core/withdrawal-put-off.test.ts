import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";

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
