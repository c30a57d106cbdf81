import { randomBytes, randomUUID } from "node:crypto";
import { type Server, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import {
  type CommandAction,
  type CommandPayload,
  Envelope,
  Invitation,
  type RemoteView,
  ResultPayload,
  payloadTypes,
} from "../../../protocol/federation.ts";
import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { type BrokerKey, isSealedBy, open, seal, settleBrokerKey } from "./envelopes.ts";
import { isThere, markOf } from "../executions/host-processes.ts";
import { memoryStore } from "../stores/memory-store.ts";
import type { SpokeTimes } from "./spoke-client.ts";

const until = { timeout: 60_000, interval: 20 };
const spec = { slots: 1, sandbox: "process" } as const;
const gently = { reason: "the hub's operator", now: false };

async function invite(spoke: LiveBroker, over: object = {}): Promise<{ connectionId: string; invitation: string }> {
  const { status, body } = await spoke.call("POST", routes.connections, { name: "hub", ...over });
  expect(status).toBe(200);
  return { connectionId: body.connection.connectionId, invitation: body.invitation };
}

/** Two brokers, federated, over real sockets. */
async function federated({
  spokeUrl,
  spokeTimes,
}: {
  spokeUrl?: (url: string) => Promise<string>;
  spokeTimes?: SpokeTimes;
} = {}) {
  const times = spokeTimes === undefined ? {} : { spokeTimes };
  const [hub, spoke] = [await LiveBroker.start(times), await LiveBroker.start()];
  const url = await spokeUrl?.(spoke.url);
  const { connectionId, invitation } = await invite(spoke, url === undefined ? {} : { url });
  const accepted = await hub.call("POST", routes.acceptInvitation, { invitation, name: "spoke" });
  expect(accepted).toMatchObject({ status: 200, body: { state: "active", side: "hub" } });
  return { hub, spoke, connectionId };
}

async function executionsOf(live: LiveBroker): Promise<{ executionId: string; state: string; pid: number | null }[]> {
  return (await live.call("GET", routes.executions)).body.executions;
}

/** A hub of the test's own: real keys, real HTTP, no judgement. */
class RawHub {
  readonly spoke: LiveBroker;
  readonly key: BrokerKey;
  readonly connectionId: string;

  private constructor(spoke: LiveBroker, key: BrokerKey, connectionId: string) {
    this.spoke = spoke;
    this.key = key;
    this.connectionId = connectionId;
  }

  static async join(spoke: LiveBroker): Promise<RawHub> {
    const { connectionId, invitation } = await invite(spoke);
    const hub = new RawHub(spoke, await settleBrokerKey(memoryStore()), connectionId);
    const { secret } = Invitation.parse(JSON.parse(Buffer.from(invitation, "base64url").toString("utf8")));
    const answer = await hub.post(routes.federationJoin, seal(payloadTypes.join, hub.joining(secret), hub.key));
    expect(answer.status).toBe(200);
    return hub;
  }

  joining(secret: string) {
    const { connectionId } = this;
    const hubKey = this.key.publicKey;
    return { connectionId, secret, hubKey, hubName: "raw", issuedAt: this.spoke.clock.nowMs() };
  }

  command(action: CommandAction = { do: "spawn", spec }, over: Partial<CommandPayload> = {}): CommandPayload {
    const now = this.spoke.clock.nowMs();
    return {
      ...{ type: "COMMAND", connectionId: this.connectionId, commandId: randomUUID(), correlationId: randomUUID() },
      ...{ nonce: randomBytes(16).toString("base64url"), issuedAt: now, expiresAt: now + 10_000, action, ...over },
    };
  }

  sealed(command: object, key = this.key): Envelope {
    return seal(payloadTypes.command, command, key);
  }

  /** As another broker calls: its operator's token is none of this one's. */
  async post(path: string, body: unknown): ReturnType<LiveBroker["call"]> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.spoke.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  async send(envelope: unknown) {
    return await this.post(routes.federationCommands, envelope);
  }
}

describe("two federated brokers", () => {
  test("the spoke really starts, shows and ends an agent for the hub, and the hub hears how it fares (FE-1, FE-3)", async () => {
    const { hub, spoke, connectionId } = await federated();
    const asked = await hub.call("POST", routes.remotes(connectionId), { ...spec, name: "far away" });
    expect(asked).toMatchObject({ status: 200, body: { connectionId, refused: null } });
    const { commandId } = asked.body as RemoteView;
    const [there] = await vi.waitFor(async () => {
      const executions = await executionsOf(spoke);
      expect(executions).toMatchObject([{ state: "running" }]);
      return executions;
    }, until);
    const mark = markOf(there!.pid!)!;
    expect(isThere(mark)).toBe(true);
    // It works for the spoke.
    await vi.waitFor(async () => expect((await spoke.call("GET", routes.agents)).body.agents).toHaveLength(1), until);

    const status = (await hub.call("GET", routes.remotes(connectionId))).body.remotes;
    expect(status).toMatchObject([{ commandId, execution: { executionId: there!.executionId, state: "running" } }]);

    const killed = await hub.call("POST", routes.remoteKill(connectionId, commandId), gently);
    expect(killed.body).toMatchObject({ execution: { state: "killing" } });
    // Nobody asks: the hub keeps up by itself.
    await vi.waitFor(async () => {
      const { remotes } = (await hub.call("GET", routes.allRemotes)).body;
      expect(remotes).toMatchObject([{ execution: { state: "killed", error: gently.reason } }]);
    }, until);
    expect(isThere(mark)).toBe(false);
    expect(await executionsOf(hub)).toEqual([]);
  });

  test("a hub sees and ends only what it has started itself", async () => {
    const { hub, spoke, connectionId } = await federated();
    const own = (await spoke.call("POST", routes.executions, spec)).body.executionId;
    expect((await hub.call("GET", routes.remotes(connectionId))).body.remotes).toEqual([]);
    const raw = await RawHub.join(spoke);
    for (const action of [
      { do: "kill", of: { executionId: own }, message: gently },
      { do: "status", of: { executionId: own } },
    ] as const) {
      expect((await raw.send(raw.sealed(raw.command(action)))).body.code).toBe("unknown-execution");
    }
    expect(await executionsOf(spoke)).toMatchObject([
      { executionId: own, state: expect.stringMatching(/spawning|running/) },
    ]);
    const none = await hub.call("POST", routes.remoteKill(connectionId, randomUUID()), gently);
    expect(none).toMatchObject({ status: 404, body: { code: "unknown-execution" } });
  });

  test("a lost answer makes the hub ask again, and the spoke starts one agent, not two", async () => {
    const proxy = await answerLosingProxy(2);
    const { hub, spoke, connectionId } = await federated({ spokeUrl: async (url) => proxy.to(url) });
    proxy.arm();
    const asked = await hub.call("POST", routes.remotes(connectionId), spec);
    expect(asked).toMatchObject({ status: 200, body: { execution: { executionId: expect.any(String) } } });
    expect(proxy.lost()).toBe(2);
    expect(await executionsOf(spoke)).toHaveLength(1);
    const hows = spoke.history.flatMap((record) =>
      record.type === "broker.command" && record.data.action === "spawn" ? [record.data.how] : [],
    );
    expect(hows).toEqual(["executed", "repeated", "repeated"]);
  });

  test("a spoke that does not answer in time is told so, and what it started all the same is found later", async () => {
    const proxy = await answerLosingProxy(1_000);
    const spokeTimes = { commandMs: 3_000, tryMs: 1_000, waitMs: 200 };
    const { hub, spoke, connectionId } = await federated({ spokeUrl: async (url) => proxy.to(url), spokeTimes });
    proxy.arm();
    const asked = await hub.call("POST", routes.remotes(connectionId), spec);
    expect(asked).toMatchObject({ status: 504, body: { code: "spoke-unreachable" } });
    expect(await executionsOf(spoke)).toHaveLength(1);
    expect((await hub.call("GET", routes.allRemotes)).body.remotes).toMatchObject([{ execution: null, refused: null }]);
    proxy.disarm();
    await vi.waitFor(async () => {
      const { remotes } = (await hub.call("GET", routes.allRemotes)).body;
      expect(remotes).toMatchObject([{ execution: { state: "running" } }]);
    }, until);
  });

  test("goes on after a restart of either side, and neither forgets nor starts anything twice", async () => {
    const directory = join(temporaryDirectory(), "spoke");
    const spoke = await LiveBroker.start({ directory });
    const raw = await RawHub.join(spoke);
    const command = raw.command();
    const envelope = raw.sealed(command);
    expect((await raw.send(envelope)).status).toBe(200);
    const [before] = await executionsOf(spoke);
    const port = Number(new URL(spoke.url).port);
    await spoke.broker.close();
    const again = await LiveBroker.start({ directory, port });
    expect((await again.call("POST", routes.federationCommands, envelope)).body.code).toBe("replayed");
    const retry = raw.sealed({ ...command, nonce: randomBytes(16).toString("base64url") });
    const answer = Envelope.parse((await again.call("POST", routes.federationCommands, retry)).body);
    expect(open(answer, ResultPayload)?.executions).toMatchObject([{ commandId: command.commandId }]);
    expect((await executionsOf(again)).map(({ executionId }) => executionId)).toEqual([before!.executionId]);
    await again.call("POST", routes.killswitch, { now: true });
    await vi.waitFor(async () => expect(await executionsOf(again)).toMatchObject([{ state: "killed" }]), until);
  });
});

describe("a command that is refused changes nothing, is told by its reason, and is counted (FE-2, I10)", () => {
  test.each<[string, number, string, (hub: RawHub) => unknown]>([
    [
      "an unknown connection",
      404,
      "unknown-connection",
      (hub) => hub.sealed(hub.command(undefined, { connectionId: "conn-0000000000000000" })),
    ],
    [
      "another's key",
      401,
      "bad-signature",
      async (hub) => hub.sealed(hub.command(), await settleBrokerKey(memoryStore())),
    ],
    [
      "a payload that was changed",
      401,
      "bad-signature",
      (hub) => {
        const envelope = hub.sealed(hub.command());
        const changed = Buffer.from(envelope.payload, "base64").toString("utf8").replace('"slots":1', '"slots":9');
        return { ...envelope, payload: Buffer.from(changed).toString("base64") };
      },
    ],
    [
      "a signature over another type",
      401,
      "bad-signature",
      (hub) => ({ ...seal(payloadTypes.join, hub.command(), hub.key), payloadType: payloadTypes.command }),
    ],
    [
      "one that was issued too long ago",
      401,
      "stale-command",
      (hub) => {
        const issuedAt = hub.spoke.clock.nowMs() - 301_000;
        return hub.sealed(hub.command(undefined, { issuedAt, expiresAt: issuedAt + 300_000 }));
      },
    ],
    [
      "one from the future",
      401,
      "stale-command",
      (hub) => hub.sealed(hub.command(undefined, { issuedAt: hub.spoke.clock.nowMs() + 301_000 })),
    ],
    [
      "one whose time is over",
      401,
      "stale-command",
      (hub) => hub.sealed(hub.command(undefined, { expiresAt: hub.spoke.clock.nowMs() - 1 })),
    ],
    [
      "one that would be good for ever",
      401,
      "stale-command",
      (hub) => hub.sealed(hub.command(undefined, { expiresAt: hub.spoke.clock.nowMs() + 1e9 })),
    ],
    ["no envelope", 400, "bad-request", () => ({ command: "spawn" })],
    ["an envelope without a command", 400, "bad-request", (hub) => hub.sealed({ type: "COMMAND" })],
    [
      "a command with more than it may say",
      400,
      "bad-request",
      (hub) => hub.sealed({ ...hub.command(), shell: "rm -rf /" }),
    ],
    ["one that is too large", 413, "too-large", (hub) => ({ ...hub.sealed(hub.command()), more: "x".repeat(200_000) })],
  ])("%s", async (_what, status, code, make) => {
    const spoke = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "exit 0"] });
    const hub = await RawHub.join(spoke);
    const answer = await hub.send(await make(hub));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await executionsOf(spoke)).toEqual([]);
    const refused = spoke.history.filter(({ type }) => type === "broker.command-refused");
    expect(refused.map(({ data }) => data)).toMatchObject([{ code }]);
    // And one that is as it should be is carried out.
    expect((await hub.send(hub.sealed(hub.command()))).status).toBe(200);
    expect(await executionsOf(spoke)).toHaveLength(1);
  });

  test("a suspended, a revoked and a pending connection; and what was refused meanwhile stays so", async () => {
    const spoke = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "exit 0"] });
    const hub = await RawHub.join(spoke);
    const set = async (state: string) => await spoke.call("POST", routes.connectionState(hub.connectionId), { state });
    const early = hub.sealed(hub.command());
    expect((await set("suspended")).body).toMatchObject({ state: "suspended" });
    expect(await hub.send(early)).toMatchObject({ status: 403, body: { code: "connection-inactive" } });
    await set("active");
    expect((await hub.send(early)).body.code).toBe("stale-command");
    spoke.clock.advance(5);
    expect((await hub.send(hub.sealed(hub.command()))).status).toBe(200);
    expect((await set("revoked")).body).toMatchObject({ state: "revoked" });
    expect((await hub.send(hub.sealed(hub.command()))).body.code).toBe("connection-inactive");
    expect(await set("active")).toMatchObject({ status: 409, body: { code: "connection-state" } });
    const { connectionId } = await invite(spoke);
    expect((await hub.send(hub.sealed(hub.command(undefined, { connectionId })))).body.code).toBe("unknown-connection");
    expect((await spoke.call("POST", routes.connectionState(connectionId), { state: "active" })).status).toBe(409);
    expect(await executionsOf(spoke)).toHaveLength(1);
  });

  test("a replay, another command under the same id, and a spawn that its kill has overtaken (cases 67 and 68)", async () => {
    const spoke = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "exit 0"] });
    const hub = await RawHub.join(spoke);
    const command = hub.command();
    const envelope = hub.sealed(command);
    expect((await hub.send(envelope)).status).toBe(200);
    expect(await hub.send(envelope)).toMatchObject({ status: 401, body: { code: "replayed" } });
    const nonce = randomBytes(16).toString("base64url");
    const other = hub.sealed({ ...command, nonce, action: { do: "spawn", spec: { ...spec, slots: 2 } } });
    expect(await hub.send(other)).toMatchObject({ status: 409, body: { code: "command-reused" } });
    const late = hub.command();
    const kill = hub.command({ do: "kill", of: { spawnCommandId: late.commandId }, message: gently });
    expect((await hub.send(hub.sealed(kill))).status).toBe(200);
    expect(await hub.send(hub.sealed(late))).toMatchObject({ status: 409, body: { code: "command-cancelled" } });
    expect(await executionsOf(spoke)).toHaveLength(1);
  });

  test("the answer is signed by the spoke over its exact bytes", async () => {
    const spoke = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "exit 0"] });
    const hub = await RawHub.join(spoke);
    const { body } = await hub.send(hub.sealed(hub.command()));
    const answer = Envelope.parse(body);
    const key = answer.signatures[0]!.keyid;
    expect(isSealedBy(answer, { type: payloadTypes.result, key })).toBe(true);
    expect(
      isSealedBy({ ...answer, payload: Buffer.from("{}").toString("base64") }, { type: payloadTypes.result, key }),
    ).toBe(false);
    expect(isSealedBy(answer, { type: payloadTypes.result, key: "nonsense" })).toBe(false);
  });
});

describe("an invitation", () => {
  test("is good once, for a while, and for whoever has the secret", async () => {
    const [hub, spoke] = [await LiveBroker.start(), await LiveBroker.start()];
    const { invitation } = await invite(spoke);
    const accept = async (text: string, live = hub) =>
      await live.call("POST", routes.acceptInvitation, { invitation: text, name: "spoke" });
    const parsed = Invitation.parse(JSON.parse(Buffer.from(invitation, "base64url").toString("utf8")));
    const forged = { ...parsed, secret: randomBytes(32).toString("base64url") };
    const text = Buffer.from(JSON.stringify(forged)).toString("base64url");
    expect((await accept(text)).body.code).toBe("unknown-connection");
    expect((await accept("nonsense")).body.code).toBe("bad-request");
    const other = { ...parsed, spokeKey: (await settleBrokerKey(memoryStore())).publicKey };
    expect((await accept(Buffer.from(JSON.stringify(other)).toString("base64url"))).body.code).toBe("bad-signature");
    expect((await accept(invitation)).status).toBe(200);
    // The answer was lost.
    expect((await accept(invitation)).status).toBe(200);
    expect(await accept(invitation, await LiveBroker.start())).toMatchObject({ body: { code: "invitation-used" } });
    const late = await invite(spoke, { validMs: 1_000 });
    spoke.clock.advance(1_001);
    expect((await accept(late.invitation)).body.code).toBe("invitation-used");
  });
});

/** Lets requests through, and while it is armed cuts the line instead of answering, so many times. */
async function answerLosingProxy(times: number) {
  let target = "";
  let left = 0;
  let lost = 0;
  const server: Server = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(target);
    const { method = "GET", url: path = "/", headers } = incoming;
    const forwarded = httpRequest(
      { hostname, port, method, path, headers: { ...headers, host: hostname } },
      (answer) => {
        if (left > 0) {
          left -= 1;
          lost += 1;
          answer.resume();
          outgoing.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    to: (url: string) => {
      target = url;
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    arm: () => void (left = times),
    disarm: () => void (left = 0),
    lost: () => lost,
  };
}
