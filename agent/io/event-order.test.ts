import { describe, expect, it } from "vitest";

import { EventOrder } from "./event-order.ts";

describe("EventOrder", () => {
  it("takes a resume that comes before its pause, and then not that pause (case 23)", () => {
    const order = new EventOrder();
    expect([order.take("b1-2", "resume"), order.take("b1-1", "pause")]).toEqual([true, false]);
    expect(order.latestId).toBe("b1-2");
    expect(order.take("b1-3", "pause")).toBe(true);
  });

  it("takes what was sent twice, which changes nothing", () => {
    const order = new EventOrder();
    expect([order.take("b1-1", "pause"), order.take("b1-1", "pause")]).toEqual([true, true]);
  });

  it("takes whatever else was overtaken: it says something for itself", () => {
    const order = new EventOrder();
    order.take("b1-5", "resume");
    expect([order.take("b1-4", "lease_revoked"), order.take("", "work_available")]).toEqual([true, true]);
    expect(order.latestId).toBe("b1-5");
  });

  it("begins anew with each start of the broker, and knows nothing of other ids", () => {
    const order = new EventOrder();
    order.take("b1-9", "pause");
    expect(order.take("b2-1", "resume")).toBe(true);
    expect(order.latestId).toBe("b2-1");
    expect(order.take("whatever", "pause")).toBe(true);
    expect(order.latestId).toBe("whatever");
  });
});
