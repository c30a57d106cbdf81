import { expect } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import { routes } from "../../../protocol/routes.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import { LiveBroker } from "../live-broker.ts";
import { run } from "../served-broker.ts";
import { code, holder, invited, rawCall } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** How much anybody may send, and how often. */
export const limitsPromises: Promises = {
  async "A body beyond its limit is refused."() {
    const live = await LiveBroker.start();
    const { agent, leaseId } = await holder(live);
    const reason = "x".repeat(limits.messageBytesMax);
    expect(code(await agent.post(routes.resumed, { reason }))).toBe("too-large");
    expect(code(await live.call("POST", routes.jobs, { jobs: [{ command: [reason] }] }))).toBe("too-large");
    const { post } = await invited(live);
    const payload = "x".repeat(brokerLimits.envelopeBytesMax);
    expect(await post(routes.federationCommands, { payload })).toBe("too-large");
    const chunk = Buffer.alloc(limits.uploadChunkBytesMax + 1);
    expect(code(await agent.upload(leaseId, chunk))).toBe("too-large");
  },
  async "Whoever guesses tokens has to slow down."() {
    const live = await LiveBroker.start({ rateLimits: { guessesMax: 5 } });
    const known = await live.agent();
    const answers = [];
    for (let guess = 0; guess < 8; guess += 1) answers.push(code(await live.stranger().enrol(`guess ${guess}`)));
    expect(answers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "bad-join-token"));
    expect(answers.slice(-2)).toEqual(["rate-limited", "rate-limited"]);
    // A right guess would not be told from a wrong one.
    expect(code(await live.stranger().enrol(live.broker.joinToken))).toBe("rate-limited");
    expect((await live.call("GET", routes.jobs)).status).toBe(429);
    // Whoever guesses nothing is not in the way.
    expect(code(await known.heartbeat())).toBe("ok");
    // Nor does a page that asks without any token keep others out.
    const other = await LiveBroker.start({ rateLimits: { guessesMax: 5 } });
    for (let asked = 0; asked < 8; asked += 1) expect((await fetch(other.url + routes.jobs)).status).toBe(401);
    expect((await other.call("GET", routes.jobs)).status).toBe(200);
  },
  async "Behind a proxy that is named, whoever guesses is told from others by the address that it gives; nobody else's word counts for that."() {
    const guess = async (live: LiveBroker, forwarded: string) => {
      const headers = { authorization: "Bearer a-guess", "x-forwarded-for": forwarded };
      return (await fetch(live.url + routes.jobs, { headers })).status;
    };
    const named = await LiveBroker.start({ rateLimits: { guessesMax: 3 }, trustProxy: ["127.0.0.0/8"] });
    for (let call = 0; call < 3; call += 1) expect(await guess(named, `192.0.2.${call}, 198.51.100.1`)).toBe(401);
    expect(await guess(named, "192.0.2.9, 198.51.100.1")).toBe(429);
    expect(await guess(named, "198.51.100.2")).toBe(401);
    expect((await named.call("GET", routes.jobs)).status).toBe(200);
    for (const trustProxy of [[], ["203.0.113.1"]]) {
      const other = await LiveBroker.start({ rateLimits: { guessesMax: 3 }, trustProxy });
      for (let call = 0; call < 3; call += 1) expect(await guess(other, `198.51.100.${call}`)).toBe(401);
      expect(await guess(other, "198.51.100.9")).toBe(429);
    }
    // A page that points its own name at this machine cannot say that it is a proxy's.
    const asked = { host: "rebound.example.org", "x-forwarded-host": "localhost" };
    expect(await rawCall(named.url + routes.health, asked)).toBe(400);
    for (const wrong of ["nowhere", "127.0.0.1/33", "0.0.0.0/0", "::1/129", "127.0.0.1,,", "1"]) {
      const refused = await run(["serve", "--store", "memory", "--port", "0", "--trust-proxy", wrong]);
      expect(refused).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("--trust-proxy") });
    }
  },
  async "Whoever calls as another broker too often has to slow down."() {
    const live = await LiveBroker.start({ rateLimits: { hubCallsMax: 3 } });
    const { post } = await invited(live);
    const answers = [];
    for (let call = 0; call < 5; call += 1) answers.push(await post(routes.federationCommands, {}));
    expect(answers).toEqual(["bad-request", "bad-request", "bad-request", "rate-limited", "rate-limited"]);
    // Nor does that get in the operator's way.
    expect((await live.call("GET", routes.jobs)).status).toBe(200);
  },
  async "An agent that runs wild is slowed down, and no other with it."() {
    const live = await LiveBroker.start({ rateLimits: { requestsMax: 10 } });
    const [wild, calm] = [await live.agent(), await live.agent()];
    const answers = [];
    for (let call = 0; call < 12; call += 1) answers.push(code(await wild.heartbeat()));
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(10);
    expect(answers.slice(10)).toEqual(["rate-limited", "rate-limited"]);
    expect(code(await calm.heartbeat())).toBe("ok");
    // Nor can anybody use up its share in its name.
    for (let call = 0; call < 12; call += 1) {
      expect(code(await wild.post(routes.resumed, {}, { agentId: calm.agentId }))).toBe("bad-signature");
    }
    expect(code(await calm.heartbeat())).toBe("ok");
  },
};
