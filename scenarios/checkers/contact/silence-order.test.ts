import fc from "fast-check";
import { expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { SilenceOrder } from "./silence-order.ts";

it("is the order of a Map whose entries are taken out and put in again", () => {
  const [record] = new HistoryBuilder().job(1, null, "queued").records;
  const move = fc.tuple(fc.constantFrom("heard", "heard", "heard", "forget"), fc.constantFrom("a", "b", "c", "d"));
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const order = new SilenceOrder();
      const model = new Set<string>();
      for (const [what, agentId] of moves) {
        model.delete(agentId);
        if (what === "heard") {
          model.add(agentId);
          order.heard(agentId, record!);
        } else order.forget(agentId);
        expect(order.size).toBe(model.size);
        expect(order.first()?.agentId).toBe([...model][0]);
      }
      for (const agentId of model) {
        expect(order.first()?.agentId).toBe(agentId);
        order.forget(agentId);
      }
      expect(order.first()).toBeNull();
    }),
  );
});
