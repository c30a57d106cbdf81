import { request } from "node:http";
import { expect } from "vitest";

import { payloadTypes } from "../../../protocol/federation.ts";
import { routes } from "../../../protocol/routes.ts";
import { type BrokerKey, seal } from "../../io/federation/envelopes.ts";
import type { LiveBroker } from "../live-broker.ts";
import type { Answer, SigningClient } from "../signing-client.ts";

/** The code of a refusal, or `ok`. */
export const code = ({ status, body }: Pick<Answer, "status" | "body">): string => (status < 300 ? "ok" : body.code);

export async function createToken(
  live: LiveBroker,
  expiresInMs = 60_000,
): Promise<{ joinToken: string; tokenId: string }> {
  return (await live.call("POST", routes.joinTokens, { expiresInMs })).body;
}

/** A request whose headers are not fetch's to choose. */
export async function rawCall(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const call = request(url, { headers });
  call.end();
  return await new Promise((resolve, reject) => {
    call.on("error", reject).on("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
}

/** An agent with a lease, whose uploads are taken. */
export async function holder(live: LiveBroker): Promise<{ agent: SigningClient; leaseId: string }> {
  await live.submit();
  const agent = await live.agent();
  const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
  expect((await agent.post(routes.leaseAction(leaseId, "accept"), { epoch })).status).toBe(200);
  return { agent, leaseId };
}

/** An invitation of it, and what another broker does that has it; answers are codes. */
export async function invited(live: LiveBroker) {
  const { invitation } = (await live.call("POST", routes.connections, { name: "hub" })).body;
  const { connectionId, secret } = JSON.parse(Buffer.from(invitation, "base64url").toString("utf8"));
  const post = async (path: string, body: unknown): Promise<string> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(live.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return code({ status: response.status, body: await response.json() });
  };
  const joinAs = async (
    { publicKey: hubKey, ...key }: BrokerKey,
    { sealedBy = { publicKey: hubKey, ...key } } = {},
  ) => {
    const payload = { connectionId, secret, hubKey, hubName: "hub", issuedAt: live.clock.nowMs() };
    return await post(routes.federationJoin, seal(payloadTypes.join, payload, sealedBy));
  };
  return { connectionId: String(connectionId), secret: String(secret), post, join: joinAs };
}
