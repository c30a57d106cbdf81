import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { routeDescriptions } from "../../io/operations/route-descriptions.ts";
import { LiveBroker, temporaryDirectory } from "../live-broker.ts";
import { run, serve, stop } from "../served-broker.ts";
import { code, createToken } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** Who is let in, and who may give orders. */
export const admissionPromises: Promises = {
  async "A join token that was made for one agent lets one key in, and no other."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { joinToken, tokenId } = await createToken(live);
    const contenders = Array.from({ length: 8 }, () => live.stranger());
    const answers = await Promise.all(contenders.map(async (agent) => code(await agent.enrol(joinToken))));
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(["ok", "bad-join-token"]));
    const winner = contenders[answers.indexOf("ok")]!;
    expect(code(await winner.enrol(joinToken))).toBe("ok");
    await live.broker.close();
    const again = await LiveBroker.start({ directory, clock: live.clock });
    live.clock.advance(1_000);
    expect(code(await again.stranger().enrol(joinToken))).toBe("bad-join-token");
    const { joinTokens } = (await again.call("GET", routes.joinTokens)).body;
    expect(joinTokens).toMatchObject([{ tokenId, usedBy: winner.agentId }]);
  },
  async "A join token lets nobody in once it has expired or was revoked."() {
    const live = await LiveBroker.start();
    const [expired, revoked, good] = [await createToken(live, 1_000), await createToken(live), await createToken(live)];
    expect((await live.call("DELETE", routes.joinToken(revoked.tokenId))).status).toBe(200);
    live.clock.advance(1_000);
    for (const { joinToken } of [expired, revoked]) {
      expect(code(await live.stranger().enrol(joinToken))).toBe("bad-join-token");
    }
    expect(code(await live.stranger().enrol(good.joinToken))).toBe("ok");
  },
  async "Join tokens for one agent are kept as digests."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { joinToken, tokenId } = await createToken(live);
    await live.broker.close();
    const kept = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(directory, name), "latin1"))
      .join("\n");
    expect(kept).toContain(tokenId);
    expect(kept).not.toContain(joinToken);
  },
  async "With single-use tokens only, no other token lets anybody in."() {
    const live = await LiveBroker.start({ singleUseTokensOnly: true });
    expect(live.broker.joinToken).toBe("");
    for (const token of ["welcome", "null", "undefined", live.broker.operatorToken]) {
      expect(code(await live.stranger().enrol(token))).toBe("bad-join-token");
    }
    expect(code(await live.stranger().enrol((await createToken(live)).joinToken))).toBe("ok");
  },
  async "An agent is let in only with proof that it has the key that it brings."() {
    const live = await LiveBroker.start();
    const [thief, victim] = [live.stranger(), live.stranger()];
    const { joinToken } = live.broker;
    const stolen = { joinToken, publicKey: victim.publicKey, slots: 1, revocation: victim.revocation() };
    expect(code(await thief.post(routes.enrol, stolen))).toBe("bad-signature");
    expect(code(await thief.post(routes.enrol, stolen, { agentId: victim.agentId }))).toBe("bad-signature");
    expect(live.broker.service.state.agents.size).toBe(0);
  },
  async "Jobs, agents, executions, federation, tokens and faults are the operator's alone."() {
    const live = await LiveBroker.start({ faults: true });
    const agent = await live.agent();
    const operators = Object.entries(routeDescriptions).filter(([, { access }]) => access === "operator");
    expect(operators.length).toBeGreaterThan(10);
    for (const [route] of operators) {
      const [method = "", path = ""] = route.split(" ");
      const url = path.replace(":agentId", agent.agentId).replaceAll(/:\w+/g, "job-x-1");
      // Not without a token, and not with an agent's signature.
      const plain = await fetch(live.url + url, { method });
      const signed = await fetch(live.url + url, { method, headers: agent.headers(method, url) });
      expect([route, plain.status, signed.status]).toEqual([route, 401, 401]);
    }
  },
  async "What a broker left of its operator's token for its own user's commands they send to that broker alone, while it lives."() {
    const environment = { XDG_STATE_HOME: temporaryDirectory() };
    const served = await serve([], environment);
    const asked = async () => await run(["jobs"], { ...environment, HOUSEGUEST_BROKER: served.url });
    expect((await asked()).code).toBe(0);
    await stop(served, "SIGKILL");
    const heard: (string | undefined)[] = [];
    const thief = createServer(({ headers }, response) => {
      heard.push(headers.authorization);
      response.end();
    });
    onTestFinished(async () => void (await new Promise((resolve) => thief.close(resolve))));
    await new Promise<void>((resolve) => thief.listen(Number(new URL(served.url).port), "127.0.0.1", resolve));
    const refused = await asked();
    expect([refused.code, ...heard]).toEqual([1, undefined]);
    expect(refused.stderr).toContain("is no broker");
  },
};
