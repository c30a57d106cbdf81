import { expect, it } from "vitest";

import type { World } from "../../simulator/world/world.ts";
import { VirtualWaits } from "./virtual-waits.ts";

it("a wait that lasts leaves room for a signal, which ends it", async () => {
  let events = 0;
  const world = {
    nowMs: 0,
    happenNext() {
      events += 1;
      if (events === 1) setImmediate(() => waits.giveUp(new Error("enough")));
      if (events > 100_000) throw new Error("nobody was heard");
      return true;
    },
  };
  const waits: VirtualWaits = new VirtualWaits(world as unknown as World, (work) => work());
  const played = waits.drive(async () => {
    await waits.until(
      () => false,
      1e12,
      () => undefined,
    );
  });
  await expect(played).rejects.toThrow("enough");
});

it("work that waits for what is not of this world is left when it is given up", async () => {
  const waits = new VirtualWaits({ nowMs: 0 } as World, (work) => work());
  const played = waits.drive(() => new Promise(() => undefined));
  waits.giveUp(new Error("enough"));
  await expect(played).rejects.toThrow("enough");
});
