import { expect } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker } from "../live-broker.ts";
import { run } from "../served-broker.ts";
import { rawCall } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** From where the broker is reached. */
export const reachPromises: Promises = {
  async "An address that others can reach is refused until it is allowed by name."() {
    for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
      const refused = await run(["serve", "--store", "memory", "--port", "0", "--host", host]);
      expect(refused).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("--allow-remote") });
    }
  },
  async "A web page cannot call a broker that listens on loopback."() {
    const live = await LiveBroker.start();
    const url = live.url + routes.health;
    expect(await rawCall(url, {})).toBe(200);
    expect(await rawCall(url, { origin: "https://example.org" })).toBe(400);
    expect(await rawCall(url, { host: "rebound.example.org" })).toBe(400);
  },
};
