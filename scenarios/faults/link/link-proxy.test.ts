import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { LinkProxy } from "./link-proxy.ts";
import { type Toxic, type ToxicDirection, toxicEffect } from "./toxic.ts";

/** A broker that says everything back, and an agent that speaks to it through a line. */
let broker: Server;
let atBroker: Socket[];
let proxy: LinkProxy;
let port: number;
let agents: Socket[];

beforeEach(async () => {
  atBroker = [];
  agents = [];
  broker = createServer({ allowHalfOpen: true }, (socket) => {
    atBroker.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => void socket.write(bytes));
    socket.on("end", () => socket.end());
  }).listen(0, "127.0.0.1");
  await once(broker, "listening");
  proxy = new LinkProxy(`http://127.0.0.1:${(broker.address() as AddressInfo).port}`, "seed");
  port = await proxy.listen();
});
afterEach(async () => {
  for (const socket of [...agents, ...atBroker]) socket.destroy();
  await proxy.close();
  broker.close();
});

class Agent {
  readonly socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  readonly pieces: Buffer[] = [];
  code: string | undefined;
  hasEnd = false;

  constructor() {
    agents.push(this.socket);
    this.socket.on("data", (bytes: Buffer) => void this.pieces.push(bytes));
    this.socket.on("end", () => (this.hasEnd = true));
    this.socket.on("error", (error: NodeJS.ErrnoException) => (this.code = error.code));
  }

  say(text: string): void {
    this.socket.write(text);
  }

  get heard(): string {
    return Buffer.concat(this.pieces).toString();
  }

  async hears(text: string): Promise<void> {
    await expect.poll(() => this.heard).toBe(text);
  }
}

function add(toxic: Toxic, direction: ToxicDirection = "both", id = 1): void {
  proxy.add(id, { toxic, direction });
}
const effect = (toxic: Toxic, id = 1) => toxicEffect(toxic, proxy.count(id));

describe("a line", () => {
  it("hands on what is said, and its end, when nothing is wrong with it", async () => {
    const agent = new Agent();
    agent.say("hello");
    await agent.hears("hello");
    agent.socket.end();
    await expect.poll(() => agent.hasEnd).toBe(true);
  });

  it("latency: brings each byte later, and what waits at once when it is healed", async () => {
    const toxic = { type: "latency", latencyMs: 30, jitterMs: 5 } as const;
    add(toxic, "to-broker");
    expect(effect(toxic).seen).toBe(false);
    const agent = new Agent();
    agent.say("hello");
    await agent.hears("hello");
    expect(effect(toxic)).toMatchObject({ seen: true, found: expect.stringContaining("5 bytes in 1 pieces came") });
    add({ type: "latency", latencyMs: 600_000 }, "to-agent", 2);
    agent.say(" again");
    await expect.poll(() => atBroker[0]?.bytesRead).toBe(11);
    proxy.remove(2);
    await agent.hears("hello again");
  });

  it("bandwidth: brings no more than so many bytes a second", async () => {
    const toxic = { type: "bandwidth", bytesPerS: 20_000 } as const;
    add(toxic, "to-agent");
    const agent = new Agent();
    const beganAt = performance.now();
    agent.say("x".repeat(2_000));
    await agent.hears("x".repeat(2_000));
    expect(performance.now() - beganAt).toBeGreaterThanOrEqual(99);
    expect(effect(toxic).seen).toBe(true);
  });

  it("slice: brings in pieces what was written at once", async () => {
    const toxic = { type: "slice", bytes: 2, delayMs: 1 } as const;
    add(toxic, "to-broker");
    const agent = new Agent();
    agent.say("hello");
    await agent.hears("hello");
    expect(effect(toxic)).toMatchObject({ seen: true, found: expect.stringContaining("5 bytes in 3 pieces") });
  });

  it("blackhole, one way: nothing arrives that way until it is healed, and nobody is told", async () => {
    const agent = new Agent();
    agent.say("one");
    await agent.hears("one");
    const toxic = { type: "blackhole" } as const;
    add(toxic, "to-agent");
    agent.say("two");
    await expect.poll(() => atBroker[0]?.bytesRead).toBe(6);
    await expect
      .poll(() => effect(toxic))
      .toMatchObject({ seen: true, found: "3 bytes of 1 connections did not arrive" });
    expect([agent.heard, agent.code, agent.hasEnd]).toEqual(["one", undefined, false]);
    proxy.remove(1);
    await agent.hears("onetwo");
  });

  it("reset: breaks every connection, and every new one, until it is healed", async () => {
    const agent = new Agent();
    agent.say("one");
    await agent.hears("one");
    const toxic = { type: "reset" } as const;
    add(toxic);
    await expect.poll(() => agent.code).toBe("ECONNRESET");
    const second = new Agent();
    await expect.poll(() => second.code).toBe("ECONNRESET");
    expect(effect(toxic)).toMatchObject({ seen: true, found: "2 connections were reset" });
    proxy.remove(1);
    const third = new Agent();
    third.say("three");
    await third.hears("three");
  });

  it("reset after so many bytes: lets those go by", async () => {
    const toxic = { type: "reset", afterBytes: 5 } as const;
    add(toxic, "to-broker");
    const agent = new Agent();
    agent.say("one");
    await agent.hears("one");
    expect(effect(toxic).seen).toBe(false);
    agent.say("two");
    await expect.poll(() => agent.code).toBe("ECONNRESET");
    expect(effect(toxic).seen).toBe(true);
  });

  it("half-close: tells one side that nothing more comes, while the other is heard", async () => {
    const agent = new Agent();
    agent.say("one");
    await agent.hears("one");
    const toxic = { type: "half-close" } as const;
    add(toxic, "to-agent");
    await expect.poll(() => agent.hasEnd).toBe(true);
    agent.say("two");
    await expect.poll(() => atBroker[0]?.bytesRead).toBe(6);
    expect(agent.heard).toBe("one");
    expect(effect(toxic).seen).toBe(true);
  });

  it("bears several at once, which add up", async () => {
    const slow = { type: "latency", latencyMs: 20 } as const;
    const sliced = { type: "slice", bytes: 1 } as const;
    add(slow, "to-broker", 1);
    add(sliced, "both", 2);
    const agent = new Agent();
    agent.say("abc");
    await agent.hears("abc");
    expect([effect(slow, 1).seen, effect(sliced, 2).seen]).toEqual([true, true]);
    expect(proxy.count(1).pieces).toBe(3);
  });
});
