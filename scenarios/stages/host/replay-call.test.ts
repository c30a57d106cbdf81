import { once } from "node:events";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { agentIdOf } from "../../../broker-sim/io/security/request-signature.ts";
import { LiveBroker, temporaryDirectory } from "../../../broker-sim/testing/live-broker.ts";
import { routes } from "../../../protocol/routes.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import type { HostStage } from "./host-stage.ts";
import { heardCall, replay } from "./replay-call.ts";
import { sendCall, wireCall } from "./signed-call.ts";
import { enrolment } from "./use-revoked-key.ts";

const name = "donor";
const { signatureWindowMs } = defaultTiming;

interface Cast {
  readonly stage: HostStage;
  /** The same stage with another broker. */
  readonly stageAt: (here: string) => HostStage;
  readonly live: LiveBroker;
  /** The broker's store, from which another start goes on. */
  readonly directory: string;
}

/** A stage with a broker and an agent whose key lies in its home; enrolled, unless it is to be a stranger. */
async function cast({ isStranger = false, hasKey = true } = {}): Promise<Cast> {
  const directory = temporaryDirectory();
  const home = join(temporaryDirectory(), name);
  mkdirSync(home);
  const live = await LiveBroker.start({ directory: join(directory, "store") });
  const { privateKey: key } = generateKeyPairSync("ed25519");
  if (hasKey) writeFileSync(join(home, "key.pem"), key.export({ type: "pkcs8", format: "pem" }));
  const agentId = idOf(key);
  const stageAt = (here: string) =>
    ({
      ...{ keptKeys: new Map(), running: { here }, agent: () => ({ name, home, agentId }) },
      options: { signal: new AbortController().signal, timing: defaultTiming },
    }) as unknown as HostStage;
  const stage = stageAt(live.url);
  if (!isStranger) {
    const body = enrolment({ agentId, key, joinToken: live.broker.joinToken });
    const call = wireCall({ agentId, instanceId: crypto.randomUUID(), key, path: routes.enrol, body });
    expect(await sendCall(stage, call)).toEqual({ status: 200, code: "none" });
  }
  return { stage, stageAt, live, directory: join(directory, "store") };
}

function idOf(key: KeyObject): string {
  return agentIdOf(String(createPublicKey(key).export({ format: "jwk" }).x));
}

/** Where a broker listens that answers everything so. */
async function answering(status: number, body: unknown): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a call that an agent's key signed", () => {
  it("is heard, and changes nothing: it comes from a process start that never enrolled", async () => {
    const { stage, live } = await cast();
    await heardCall(stage, name);
    expect(live.refusals()).toEqual(["fenced"]);
  });

  it("is refused when it is said again to who heard it", async () => {
    const { stage, live } = await cast();
    const heard = await heardCall(stage, name);
    expect(await replay(stage, heard)).toBe("what it had heard before is 401 replayed");
    expect(live.refusals()).toEqual(["fenced", "replayed"]);
  });

  it("is refused by a broker that has started since on the same store", async () => {
    const { stage, live, directory } = await cast();
    const heard = await heardCall(stage, name);
    await live.broker.close();
    const again = await LiveBroker.start({ directory, port: Number(new URL(live.url).port) });
    expect(await replay(stage, heard)).toBe("what it had heard before is 401 stale-signature");
    expect(again.refusals()).toEqual(["stale-signature"]);
  });

  it("fails the step when a broker takes it twice, whatever else it says of it", async () => {
    const { stage, stageAt } = await cast();
    const heard = await heardCall(stage, name);
    // As it did the first time: believed, and of no instance that it knows.
    const forgetful = stageAt(await answering(409, { code: "fenced", message: "it never enrolled" }));
    await expect(replay(forgetful, heard)).rejects.toMatchObject({ name: "StepError", code: "not-refused" });
    const obliging = stageAt(await answering(200, {}));
    await expect(replay(obliging, heard)).rejects.toMatchObject({ name: "StepError", code: "not-refused" });
  });

  it("proves nothing when it is so old that the broker that heard it refuses it for that", async () => {
    const { stage, live } = await cast();
    const heard = await heardCall(stage, name);
    live.clock.advance(signatureWindowMs + 1_000);
    const old = { ...heard, signedAtMs: heard.signedAtMs - signatureWindowMs };
    await expect(replay(stage, old)).rejects.toMatchObject({ name: "StepError", code: "too-old" });
    expect(live.refusals()).toEqual(["fenced", "stale-signature"]);
  });

  it("is as old as its signature says, by which the broker goes, and that counts whole seconds", async () => {
    const { stage } = await cast();
    const { call, signedAtMs } = await heardCall(stage, name);
    const createdS = Number(/;created=(\d+)/.exec(call.headers["signature-input"] ?? "")?.[1]);
    expect(signedAtMs % 1_000).toBe(0);
    expect(signedAtMs).toBeLessThanOrEqual(createdS * 1_000);
  });

  it("says so when the broker does not believe it the first time", async () => {
    const { stage } = await cast({ isStranger: true });
    await expect(heardCall(stage, name)).rejects.toMatchObject({ name: "StepError", code: "not-heard" });
  });

  it("cannot be made where the agent's home holds no key", async () => {
    const { stage } = await cast({ hasKey: false });
    await expect(heardCall(stage, name)).rejects.toMatchObject({ code: "no-key" });
  });
});
