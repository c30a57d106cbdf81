import { expect } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../live-broker.ts";
import { code } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** What a signature is good for, and until when. */
export const signaturesPromises: Promises = {
  async "A signature is good for one instance, one method, one path and one body."() {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify({ reason: "signed" }));
    const headers = () => ({ ...agent.headers("POST", routes.resumed, { body }), "content-type": "application/json" });
    const send = async (path: string, more: Record<string, string> = {}, sent = body, method = "POST") => {
      const response = await fetch(live.url + path, {
        method,
        headers: { ...headers(), ...more },
        ...(method === "GET" ? {} : { body: new Uint8Array(sent) }),
      });
      return code({ status: response.status, body: await response.json() });
    };
    expect(await send(routes.resumed)).toBe("ok");
    expect(await send(routes.resumed, { "houseguest-instance": "00000000-0000-4000-8000-000000000009" })).toBe(
      "bad-signature",
    );
    expect(await send(routes.paused)).toBe("bad-signature");
    expect(await send(routes.events, { accept: "text/event-stream" }, body, "GET")).toBe("bad-signature");
    expect(await send(routes.resumed, {}, Buffer.from(JSON.stringify({ reason: "forged" })))).toBe("digest-mismatch");
  },
  async "A signature counts once, and only close to the broker's time."() {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const nonce = "n".repeat(22);
    const message = { reason: "test" };
    expect(code(await agent.post(routes.resumed, message, { nonce }))).toBe("ok");
    expect(code(await agent.post(routes.resumed, message, { nonce }))).toBe("replayed");
    const nowS = Math.floor(live.clock.nowMs() / 1_000);
    for (const offS of [-302, 302]) {
      expect(code(await agent.post(routes.resumed, message, { createdS: nowS + offS }))).toBe("stale-signature");
    }
  },
  async "What was signed before a restart is not taken after it."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const port = Number(new URL(live.url).port);
    const message = { reason: "test" };
    // One whose clock is right, one that is a little ahead, and one as far as the broker bears.
    const agents = [await live.agent(), await live.agent({ aheadMs: 700 }), await live.agent({ aheadMs: 299_000 })];
    const [right, ...ahead] = agents;
    for (const agent of agents) expect(code(await agent.post(routes.resumed, message))).toBe("ok");
    const restart = async (): Promise<void> => {
      await broker.close();
      ({ broker } = await LiveBroker.start({ directory, clock: live.clock, port }));
    };
    let { broker } = live;
    // In the very second, in every one of those that follow, and after another restart.
    await restart();
    const replays = async () => await Promise.all(agents.map(async (agent) => code(await agent.replay())));
    for (let second = 0; second < 300; second += 10) {
      expect([second, ...(await replays())]).toEqual([second, ...agents.map(() => "stale-signature")]);
      live.clock.advance(10_000);
      if (second === 150) await restart();
    }
    // Signed anew they are taken: at once where the clock is right, or once the others' have gone by.
    await restart();
    live.clock.advance(1_000);
    expect(code(await right!.post(routes.resumed, message))).toBe("ok");
    live.clock.advance(320_000);
    for (const agent of ahead) expect(code(await agent.post(routes.resumed, message))).toBe("ok");
  },
  async "A revoked key is refused for good, after a restart too."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const agent = await live.agent();
    const { port } = new URL(live.url);
    await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
    expect(code(await agent.heartbeat())).toBe("revoked");
    expect(code(await agent.enrol(live.broker.joinToken))).toBe("revoked");
    await live.broker.close();
    const again = await LiveBroker.start({ directory, clock: live.clock, port: Number(port) });
    live.clock.advance(1_000);
    expect(code(await agent.heartbeat())).toBe("revoked");
    expect(code(await agent.enrol(again.broker.joinToken))).toBe("revoked");
  },
};
