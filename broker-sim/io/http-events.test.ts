import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { LiveBroker } from "../testing/live-broker.ts";
import type { SigningClient } from "../testing/signing-client.ts";

const names = ["work_available", "pause", "resume", "lease_revoked", "goodbye"];

/** The events of one agent, heard through the library that agents use; each connection is signed anew. */
class Listener {
  readonly heard: { event: string; data: unknown; id: string }[] = [];
  readonly source: EventSource;
  connections = 0;
  /** Of the last request for the stream, signature and all. */
  lastHeaders: Record<string, string> = {};
  #waiting: (() => void)[] = [];

  constructor(live: LiveBroker, agent: SigningClient) {
    this.source = new EventSource(live.url + routes.events, {
      fetch: async (url, init) => {
        this.connections += 1;
        this.lastHeaders = { ...init.headers, ...agent.headers("GET", routes.events) };
        return await fetch(url, { ...init, headers: this.lastHeaders });
      },
    });
    for (const event of names) {
      this.source.addEventListener(event, ({ data, lastEventId }) => {
        this.heard.push({ event, data: JSON.parse(data), id: lastEventId });
        for (const wake of this.#waiting.splice(0)) wake();
      });
    }
    onTestFinished(() => this.source.close());
  }

  async opened(): Promise<this> {
    if (this.source.readyState !== EventSource.OPEN) {
      await new Promise((resolve) => this.source.addEventListener("open", resolve, { once: true }));
    }
    return this;
  }

  async events(count: number): Promise<string[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.heard.map(({ event }) => event);
  }
}

test("an agent hears of work, commands and revoked leases", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  await agent.heartbeat();
  const listener = await new Listener(live, agent).opened();
  const [jobId] = await live.submit();
  await listener.events(1);
  const [offer] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(offer.leaseId, "accept"), { epoch: 1 });
  await live.call("POST", routes.jobCancel(jobId!));
  for (const command of ["pause", "resume", "goodbye"]) {
    await live.call("POST", routes.agentCommands(agent.agentId), { command, reason: "test" });
  }
  await listener.events(5);
  expect(listener.heard.map(({ event, data }) => ({ event, data }))).toEqual([
    { event: "work_available", data: { queued: 1 } },
    { event: "lease_revoked", data: { leaseId: offer.leaseId, epoch: 1, reason: "cancelled by the operator" } },
    { event: "pause", data: { reason: "test" } },
    { event: "resume", data: { reason: "test" } },
    { event: "goodbye", data: { reason: "test" } },
  ]);
});

test("a connection that breaks is opened again, and what happened in between is replayed (case 70)", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const proxy = await breakableProxy(live);
  const command = async (name: string) => {
    await live.call("POST", routes.agentCommands(agent.agentId), { command: name, reason: "test" });
  };
  const source = new EventSource(`${proxy.url}${routes.events}`, {
    fetch: async (url, init) =>
      await fetch(url, { ...init, headers: { ...init.headers, ...agent.headers("GET", routes.events) } }),
  });
  onTestFinished(() => source.close());
  const heard: string[] = [];
  const ids: string[] = [];
  const hears = async (event: string) =>
    await new Promise<void>((resolve) =>
      source.addEventListener(
        event,
        ({ lastEventId }) => {
          heard.push(event);
          ids.push(lastEventId);
          resolve();
        },
        { once: true },
      ),
    );
  await new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
  const paused = hears("pause");
  await command("pause");
  await paused;
  const resumed = hears("resume");
  const left = hears("goodbye");
  const noticed = disconnection(live, agent);
  proxy.breakAll();
  await noticed;
  await command("resume");
  await command("goodbye");
  await Promise.all([resumed, left]);
  expect(heard).toEqual(["pause", "resume", "goodbye"]);
  expect(new Set(ids).size).toBe(3);
});

test("a revoked agent's stream is closed, and so is one that a later connection or instance replaced", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const open = async () => {
    const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
    const response = await fetch(live.url + routes.events, { headers });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    // Not awaited: it ends with the stream.
    return { text: response.text() };
  };
  const first = await open();
  const second = await open();
  expect(await first.text).toBe(": connected\n\n");
  agent.instanceId = "00000000-0000-4000-8000-000000000001";
  await agent.enrol(live.broker.joinToken);
  expect(await second.text).toBe(": connected\n\n");
  const third = await open();
  await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
  expect(await third.text).toBe(": connected\n\n");
});

test("a quiet stream carries comments, so that a dead one is told from a quiet one", async () => {
  const live = await LiveBroker.start({ timing: { eventHeartbeatMs: 100 } });
  const agent = await live.agent();
  const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
  const response = await fetch(live.url + routes.events, { headers });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split(": heartbeat").length > 2) break;
  }
  expect(text.startsWith(": connected\n\n")).toBe(true);
});

test("an open stream does not keep the server from closing", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const listener = await new Listener(live, agent).opened();
  const ended = new Promise((resolve) => listener.source.addEventListener("error", resolve, { once: true }));
  await live.broker.close();
  await ended;
  expect(listener.source.readyState).toBe(EventSource.CONNECTING);
});

/** Resolves when the broker has noticed that the agent's stream is gone. */
async function disconnection(live: LiveBroker, agent: SigningClient): Promise<void> {
  while (live.broker.service.state.agents.get(agent.agentId)?.isConnected === true)
    await new Promise((resolve) => setImmediate(resolve));
}

/** A TCP proxy before the broker whose connections a test can cut. */
async function breakableProxy(live: LiveBroker): Promise<{ url: string; breakAll: () => void }> {
  const { createServer } = await import("node:net");
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(live.url).port), "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    breakAll();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { url: `http://127.0.0.1:${address.port}`, breakAll };
}

test("a copy of the request that opened a stream opens none, and takes neither the stream nor its events", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const command = async (name: string): Promise<void> => {
    await live.call("POST", routes.agentCommands(agent.agentId), { command: name, reason: "test" });
  };
  const listener = new Listener(live, agent);
  await listener.opened();
  await command("pause");
  await listener.events(1);
  const copy = listener.lastHeaders;
  const answer = await fetch(live.url + routes.events, { headers: { ...copy, "last-event-id": "" } });
  expect([answer.status, await answer.json()]).toEqual([401, expect.objectContaining({ code: "replayed" })]);
  await command("resume");
  expect(await listener.events(2)).toEqual(["pause", "resume"]);
  expect(listener.connections).toBe(1);
});
