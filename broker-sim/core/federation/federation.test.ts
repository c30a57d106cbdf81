import { describe, expect, test } from "vitest";

import {
  connectionStates,
  connectionSuccessors,
  type CommandAction,
  type CommandPayload,
} from "../../../protocol/federation.ts";
import { CoreBroker, answerOf, codeOf } from "../../testing/core-broker.ts";
import { brokerLimits } from "../broker-limits.ts";
import type { BrokerInput } from "../inputs.ts";

const hubKey = "h".repeat(43);
const otherKey = "o".repeat(43);
const secretDigest = "d".repeat(64);
const spec = { slots: 1, sandbox: "auto" } as const;
const message = { reason: "the hub's", now: false };
const windowMs = 300_000;

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** A spoke with one hub, which sends it commands; a clock that both share. */
class Scene {
  readonly broker = new CoreBroker();
  readonly connectionId: string;
  #commands = 0;
  #nonces = 0;

  constructor(number = 1) {
    this.connectionId = `conn-${String(number).padStart(16, "0")}`;
  }

  invite(over: Partial<BrokerInput<"invite">> = {}) {
    const invitedUntil = this.broker.nowMs + 60_000;
    const { connectionId } = this;
    return this.broker.do({ type: "invite", connectionId, name: "hub", secretDigest, invitedUntil, ...over });
  }

  join(over: Partial<BrokerInput<"join">> = {}) {
    const { connectionId } = this;
    const hub = { hubKey, hubName: "the hub", isVerified: true, issuedAt: this.broker.nowMs };
    return this.broker.do({ type: "join", connectionId, secretDigest, ...hub, ...over });
  }

  connected(): this {
    answerOf(this.invite());
    answerOf(this.join());
    return this;
  }

  set(to: "active" | "suspended" | "revoked") {
    return this.broker.do({ type: "set-connection", connectionId: this.connectionId, to });
  }

  command(action: CommandAction = { do: "spawn", spec }, over: Partial<CommandPayload> = {}): CommandPayload {
    this.#commands += 1;
    const commandId = uuid(this.#commands);
    const names = { connectionId: this.connectionId, commandId, correlationId: commandId };
    return { type: "COMMAND", ...names, ...this.freshly(), action, ...over };
  }

  freshly() {
    this.#nonces += 1;
    const { nowMs } = this.broker;
    return { nonce: String(this.#nonces).padStart(22, "n"), issuedAt: nowMs, expiresAt: nowMs + 15_000 };
  }

  send(command: CommandPayload, { isVerified = true, actionDigest = "a".repeat(64) } = {}) {
    return this.broker.do({ type: "federated", command, actionDigest, isVerified });
  }

  again(command: CommandPayload) {
    return this.send({ ...command, ...this.freshly() });
  }

  spawned(command = this.command()): string {
    const [one] = answerOf(this.send(command)).executions;
    return one!.execution.executionId;
  }

  get starts(): number {
    return this.broker.effects.filter(({ kind }) => kind === "spawn-process").length;
  }
}

describe("a connection", () => {
  test("is pending until a hub comes with the secret and its own key, and then active", () => {
    const scene = new Scene();
    expect(answerOf(scene.invite())).toMatchObject({ state: "pending", side: "spoke", name: "hub" });
    expect(codeOf(scene.join({ secretDigest: "e".repeat(64) }))).toBe("unknown-connection");
    expect(codeOf(scene.join({ connectionId: "conn-9999999999999999" }))).toBe("unknown-connection");
    expect(codeOf(scene.join({ isVerified: false }))).toBe("bad-signature");
    expect(codeOf(scene.join({ issuedAt: scene.broker.nowMs - windowMs - 1 }))).toBe("stale-command");
    expect(answerOf(scene.join())).toMatchObject({ state: "active", name: "the hub" });
    // Its answer was lost.
    expect(answerOf(scene.join())).toMatchObject({ state: "active" });
    expect(codeOf(scene.join({ hubKey: otherKey }))).toBe("invitation-used");
  });

  test("of an invitation that is over, or taken back, is never active", () => {
    const late = new Scene();
    answerOf(late.invite());
    late.broker.nowMs += 60_001;
    expect(codeOf(late.join())).toBe("invitation-used");
    const revoked = new Scene();
    answerOf(revoked.invite());
    answerOf(revoked.set("revoked"));
    expect(codeOf(revoked.join())).toBe("invitation-used");
    const open = new Scene();
    answerOf(open.invite({ invitedUntil: null as unknown as number }));
    expect(codeOf(open.join())).toBe("invitation-used");
  });

  test("goes the ways of its table, and no other; a hub alone makes a pending one active", () => {
    for (const from of connectionStates) {
      for (const to of ["active", "suspended", "revoked"] as const) {
        const scene = new Scene();
        answerOf(scene.invite());
        if (from !== "pending") answerOf(scene.join());
        if (from === "suspended" || from === "revoked") answerOf(scene.set(from));
        const mayGo =
          from === to || (connectionSuccessors[from].includes(to) && !(from === "pending" && to === "active"));
        expect([from, to, codeOf(scene.set(to))]).toEqual([from, to, mayGo ? "ok" : "connection-state"]);
      }
    }
    expect(codeOf(new Scene().set("revoked"))).toBe("unknown-connection");
  });

  test("takes no more than the limit", () => {
    const scene = new Scene();
    for (let count = 0; count < brokerLimits.connectionsMax; count += 1) {
      answerOf(scene.invite({ connectionId: `conn-${String(count).padStart(16, "a")}` }));
    }
    expect(codeOf(scene.invite())).toBe("full");
  });

  test("is made at the hub when the spoke let it in, once", () => {
    const { broker } = new Scene();
    const spoke = { connectionId: "conn-0000000000000001", name: "spoke", peerKey: otherKey, peerUrl: "http://x" };
    expect(answerOf(broker.do({ type: "joined", ...spoke }))).toMatchObject({ side: "hub", state: "active" });
    expect(codeOf(broker.do({ type: "joined", ...spoke }))).toBe("ok");
    expect(codeOf(broker.do({ type: "joined", ...spoke, peerKey: hubKey }))).toBe("invitation-used");
    answerOf(broker.do({ type: "set-connection", connectionId: spoke.connectionId, to: "suspended" }));
    expect(codeOf(broker.do({ type: "joined", ...spoke }))).toBe("invitation-used");
  });
});

describe("a command", () => {
  test("starts, shows and ends what this hub started, and nothing else (FE-1)", () => {
    const scene = new Scene().connected();
    const own = answerOf(scene.broker.do({ type: "spawn", spec })).executionId;
    const spawn = scene.command();
    const executionId = scene.spawned(spawn);
    const status = (of: object | null) => scene.send(scene.command({ do: "status", of } as CommandAction));
    for (const of of [null, { executionId }, { spawnCommandId: spawn.commandId }]) {
      expect(answerOf(status(of)).executions).toMatchObject([
        { commandId: spawn.commandId, execution: { executionId } },
      ]);
    }
    expect(codeOf(status({ executionId: own }))).toBe("unknown-execution");
    const kill = (of: object) => scene.send(scene.command({ do: "kill", of, message } as CommandAction));
    expect(codeOf(kill({ executionId: own }))).toBe("unknown-execution");
    expect(answerOf(kill({ executionId })).executions).toMatchObject([{ execution: { state: "killing" } }]);
    answerOf(scene.broker.do({ type: "exited", executionId, end: { exitCode: 0, signal: null, detail: null } }));
    const other = scene.spawned();
    answerOf(scene.broker.do({ type: "spawn-failed", executionId: other, error: "" }));
    expect(codeOf(kill({ executionId: other }))).toBe("execution-over");
    expect(scene.broker.state.executions.get(own)?.state).toBe("spawning");
  });

  test("tried again is answered alike, whatever it was, and carried out once", () => {
    const scene = new Scene().connected();
    const spawn = scene.command();
    const executionId = scene.spawned(spawn);
    expect(answerOf(scene.again(spawn)).executions).toMatchObject([{ execution: { executionId } }]);
    const of = { executionId };
    for (const action of [
      { do: "status", of: null },
      { do: "status", of },
      { do: "kill", of, message },
    ] as const) {
      const command = scene.command(action);
      answerOf(scene.send(command));
      expect(answerOf(scene.again(command)).executions).toMatchObject([{ execution: { executionId } }]);
    }
    expect(scene.starts).toBe(1);
    const refused = scene.command({ do: "status", of: { executionId: "exec-nobody-1" } });
    expect([codeOf(scene.send(refused)), codeOf(scene.again(refused))]).toEqual([
      "unknown-execution",
      "unknown-execution",
    ]);
    // What it started may be forgotten by then.
    scene.broker.state.executions.clear();
    scene.broker.storedExecutions.clear();
    expect(codeOf(scene.again(spawn))).toBe("unknown-execution");
    const killed = scene.command({ do: "kill", of: { spawnCommandId: uuid(99) }, message });
    answerOf(scene.send(killed));
    expect(answerOf(scene.again(killed)).executions).toEqual([]);
  });

  test("that comes twice as it is is a replay, after a restart too; so is one that was refused (case 67)", () => {
    const scene = new Scene().connected();
    const spawn = scene.command();
    scene.spawned(spawn);
    answerOf(scene.send(scene.command({ do: "status", of: null })));
    expect(codeOf(scene.send(spawn))).toBe("replayed");
    scene.broker.restart();
    expect(codeOf(scene.send(spawn))).toBe("replayed");
    expect(codeOf(scene.again(spawn))).toBe("ok");
    expect(scene.starts).toBe(1);
  });

  test("under an id of another, too often, or overtaken by its kill is refused (case 68)", () => {
    const scene = new Scene().connected();
    const spawn = scene.command();
    scene.spawned(spawn);
    expect(codeOf(scene.send({ ...spawn, ...scene.freshly() }, { actionDigest: "b".repeat(64) }))).toBe(
      "command-reused",
    );
    for (let count = 1; count < brokerLimits.commandTriesMax; count += 1) answerOf(scene.again(spawn));
    expect(codeOf(scene.again(spawn))).toBe("full");
    const late = scene.command();
    const kill = { do: "kill", of: { spawnCommandId: late.commandId }, message } as const;
    expect(answerOf(scene.send(scene.command(kill))).executions).toEqual([]);
    expect(answerOf(scene.send(scene.command(kill))).executions).toEqual([]);
    expect(codeOf(scene.send(late))).toBe("command-cancelled");
    expect(scene.starts).toBe(1);
  });

  test("from a stranger, unsigned, or at a wrong time is refused, and nothing follows (FE-2, I10)", () => {
    const scene = new Scene().connected();
    const { nowMs } = scene.broker;
    const joined = { connectionId: "conn-00000000000000aa", name: "spoke", peerKey: otherKey, peerUrl: "http://x" };
    answerOf(scene.broker.do({ type: "joined", ...joined }));
    const pending = "conn-00000000000000bb";
    answerOf(scene.invite({ connectionId: pending }));
    scene.broker.effects.length = 0;
    const before = JSON.stringify([...scene.broker.storedFederation]);
    const refusals: [string, Partial<CommandPayload>, boolean?][] = [
      ["unknown-connection", { connectionId: "conn-0000000000000009" }],
      ["unknown-connection", { connectionId: joined.connectionId }],
      ["unknown-connection", { connectionId: pending }],
      ["bad-signature", {}, false],
      ["stale-command", { issuedAt: nowMs - windowMs - 1, expiresAt: nowMs }],
      ["stale-command", { issuedAt: nowMs + windowMs + 1 }],
      ["stale-command", { expiresAt: nowMs - 1 }],
      ["stale-command", { expiresAt: nowMs + windowMs + 1 }],
    ];
    for (const [code, over, isVerified = true] of refusals) {
      expect(codeOf(scene.send(scene.command(undefined, over), { isVerified }))).toBe(code);
    }
    answerOf(scene.set("suspended"));
    const early = scene.command();
    expect(codeOf(scene.send(early))).toBe("connection-inactive");
    answerOf(scene.set("active"));
    expect(codeOf(scene.send(early))).toBe("stale-command");
    expect(scene.starts).toBe(0);
    expect(scene.broker.state.executions.size).toBe(0);
    expect(JSON.parse(before)).toHaveLength(scene.broker.storedFederation.size);
  });

  test("is remembered until nothing that is as old is taken any more", () => {
    const scene = new Scene().connected();
    const first = scene.command();
    scene.spawned(first);
    scene.broker.nowMs += 1_000;
    const second = scene.command({ do: "kill", of: { spawnCommandId: uuid(77) }, message });
    answerOf(scene.send(second));
    const { commands, connections } = scene.broker.state.federation;
    expect(commands.size).toBe(3);
    scene.broker.nowMs += 3 * windowMs;
    answerOf(scene.send(scene.command()));
    expect(commands.size).toBe(1);
    expect([...scene.broker.storedFederation.keys()].filter((key) => key.startsWith("command/"))).toHaveLength(1);
    expect(connections.get(scene.connectionId)?.issuedFloor).toBe(second.issuedAt);
    // Were the clock set back now, it would be taken by its time alone.
    scene.broker.state.nowMs = second.issuedAt;
    scene.broker.nowMs = second.issuedAt;
    expect(codeOf(scene.send({ ...second, ...scene.freshly(), issuedAt: second.issuedAt }))).toBe("stale-command");
  });

  test("is refused where there is no room, and stays so when it is sent once more", () => {
    const scene = new Scene().connected();
    const { commands } = scene.broker.state.federation;
    answerOf(scene.send(scene.command({ do: "status", of: null })));
    const [template] = commands.values();
    for (let count = commands.size; count < brokerLimits.commandsMax; count += 1) {
      commands.set(`command/other/${count}`, { ...template!, forgetAt: Infinity });
    }
    expect(codeOf(scene.send(scene.command()))).toBe("full");
    const crowded = new Scene().connected();
    for (let count = 0; count < brokerLimits.executionsLiveMax; count += 1) {
      answerOf(crowded.broker.do({ type: "spawn", spec }));
    }
    const spawn = crowded.command();
    expect(codeOf(crowded.send(spawn))).toBe("full");
    const [one] = crowded.broker.state.executions.keys();
    answerOf(crowded.broker.do({ type: "spawn-failed", executionId: one!, error: "" }));
    expect([codeOf(crowded.send(spawn)), codeOf(crowded.again(spawn))]).toEqual(["replayed", "full"]);
  });
});

describe("a drained spoke", () => {
  test("starts no agent, and stays at that after its next start: its hub may have given it up", () => {
    const scene = new Scene().connected();
    const spawn = scene.command();
    answerOf(scene.broker.do({ type: "drain", reason: "maintenance" }));
    expect(codeOf(scene.send(spawn))).toBe("out-of-service");
    expect(scene.broker.state.executions.size).toBe(0);
    expect(codeOf(scene.send(scene.command({ do: "status", of: null })))).toBe("ok");
    scene.broker.restart();
    expect(codeOf(scene.again(spawn))).toBe("out-of-service");
    expect(codeOf(scene.send(scene.command()))).toBe("ok");
  });
});

describe("what a hub knows of its agents elsewhere", () => {
  const spoke = { connectionId: "conn-0000000000000001", name: "spoke", peerKey: otherKey, peerUrl: "http://x" };
  const connectionId = spoke.connectionId;
  const commandId = uuid(1);

  function hub(): CoreBroker {
    const broker = new CoreBroker();
    answerOf(broker.do({ type: "joined", ...spoke }));
    answerOf(broker.do({ type: "remote-asked", connectionId, commandId, spec }));
    return broker;
  }

  function executionIn(state: "running" | "killed") {
    const scene = new Scene().connected();
    const executionId = scene.spawned();
    const [view] = answerOf(scene.send(scene.command({ do: "status", of: { executionId } }))).executions;
    return { ...view!.execution, state };
  }

  const told = (broker: CoreBroker, over: Partial<BrokerInput<"remote-told">>, id = commandId) =>
    broker.do({ type: "remote-told", commandId: id, execution: null, refused: null, ...over });
  const of = (broker: CoreBroker) => broker.state.federation.remotes.get(commandId);

  test("is written down before it is asked for, and follows the spoke's word until its end", () => {
    const broker = hub();
    expect(of(broker)).toMatchObject({ execution: null, refused: null, askedAt: broker.nowMs });
    broker.restart();
    const running = executionIn("running");
    answerOf(told(broker, { execution: running }));
    const writes = broker.effects.length;
    answerOf(told(broker, { execution: running }));
    expect(broker.effects).toHaveLength(writes);
    // A refusal that comes late, which nobody has signed, or nothing at all.
    answerOf(told(broker, { refused: { code: "full", message: "" } }));
    answerOf(told(broker, {}));
    expect(of(broker)).toMatchObject({ execution: { state: "running" }, refused: null });
    answerOf(told(broker, { execution: executionIn("killed") }));
    answerOf(told(broker, { execution: running }));
    expect(of(broker)?.execution?.state).toBe("killed");
    answerOf(told(broker, {}, uuid(9)));
  });

  test("is refused, until the spoke shows that it runs all the same", () => {
    const broker = hub();
    answerOf(told(broker, {}));
    answerOf(told(broker, { refused: { code: "full", message: "no room" } }));
    expect(of(broker)?.refused).toEqual({ code: "full", message: "no room" });
    answerOf(told(broker, { execution: executionIn("running") }));
    expect(of(broker)).toMatchObject({ refused: null, execution: { state: "running" } });
  });

  test("is asked for over an active connection to a spoke alone", () => {
    const broker = hub();
    const ask = (id: string) => codeOf(broker.do({ type: "remote-asked", connectionId: id, commandId: uuid(5), spec }));
    expect(ask("conn-0000000000000009")).toBe("unknown-connection");
    answerOf(broker.do({ type: "set-connection", connectionId, to: "suspended" }));
    expect(ask(connectionId)).toBe("connection-inactive");
  });

  test("is forgotten when it is over and there is no more room", () => {
    const broker = hub();
    const { remotes } = broker.state.federation;
    const template = of(broker)!;
    for (let count = 1; count < brokerLimits.remotesMax; count += 1) {
      remotes.set(uuid(100_000 + count), { ...template, commandId: uuid(100_000 + count) });
    }
    const ask = (number: number) => broker.do({ type: "remote-asked", connectionId, commandId: uuid(number), spec });
    expect(codeOf(ask(2))).toBe("full");
    answerOf(told(broker, { refused: { code: "full", message: "" } }));
    expect(codeOf(ask(3))).toBe("ok");
    expect(of(broker)).toBeUndefined();
    expect([...broker.storedFederation.keys()].filter((key) => key.startsWith("remote/"))).toEqual([
      `remote/${connectionId}/${uuid(3)}`,
    ]);
    answerOf(told(broker, { execution: executionIn("killed") }, uuid(3)));
    expect(codeOf(ask(4))).toBe("ok");
  });
});
