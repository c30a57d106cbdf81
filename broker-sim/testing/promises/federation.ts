import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import { payloadTypes } from "../../../protocol/federation.ts";
import { routes } from "../../../protocol/routes.ts";
import { seal, settleBrokerKey } from "../../io/federation/envelopes.ts";
import { memoryStore } from "../../io/stores/memory-store.ts";
import { LiveBroker, temporaryDirectory } from "../live-broker.ts";
import { invited } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** What another broker may do here. */
export const federationPromises: Promises = {
  async "An invitation lets one hub in, which has proved its key, and is kept as a digest."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { secret, join: joinAs } = await invited(live);
    const [hub, thief] = [await settleBrokerKey(memoryStore()), await settleBrokerKey(memoryStore())];
    expect(await joinAs(hub, { sealedBy: thief })).toBe("bad-signature");
    expect(await joinAs(hub)).toBe("ok");
    expect(await joinAs(thief)).toBe("invitation-used");
    await live.broker.close();
    const kept = readFileSync(join(directory, "broker.sqlite"), "latin1");
    expect(kept).toContain(hub.publicKey);
    expect(kept).not.toContain(secret);
  },
  async "A command is carried out once, and only as its connection's hub has signed it."() {
    const live = await LiveBroker.start({ agentCommand: ["/bin/true"] });
    const { connectionId, join: joinAs, post } = await invited(live);
    const [hub, thief] = [await settleBrokerKey(memoryStore()), await settleBrokerKey(memoryStore())];
    expect(await joinAs(hub)).toBe("ok");
    const nowMs = live.clock.nowMs();
    const command = {
      ...{ type: "COMMAND", connectionId, issuedAt: nowMs, expiresAt: nowMs + 10_000, nonce: "n".repeat(22) },
      ...{ commandId: randomUUID(), correlationId: randomUUID() },
      action: { do: "spawn", spec: { slots: 1, sandbox: "process" } },
    };
    const send = async (sealed: unknown) => await post(routes.federationCommands, sealed);
    expect(await send(seal(payloadTypes.command, command, thief))).toBe("bad-signature");
    expect(live.broker.service.state.executions.size).toBe(0);
    const envelope = seal(payloadTypes.command, command, hub);
    expect([await send(envelope), await send(envelope)]).toEqual(["ok", "replayed"]);
    expect(live.broker.service.state.executions.size).toBe(1);
  },
};
