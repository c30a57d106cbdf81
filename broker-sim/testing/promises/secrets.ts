import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { settleBrokerKey } from "../../io/federation/envelopes.ts";
import { memoryStore } from "../../io/stores/memory-store.ts";
import { LiveBroker, temporaryDirectory } from "../live-broker.ts";
import { createToken, holder, invited } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** What is told to nobody. */
export const secretsPromises: Promises = {
  async "No token, signature or job's environment goes into the log, the history, the metrics or the documentation."() {
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const live = await LiveBroker.start({ log, faults: true });
    const { agent } = await holder(live);
    const { joinToken } = await createToken(live);
    const { secret: invitation, join: joinAs } = await invited(live);
    const hub = await settleBrokerKey(memoryStore());
    expect([await joinAs(hub), await joinAs(hub, { sealedBy: await settleBrokerKey(memoryStore()) })]).toEqual([
      "ok",
      "bad-signature",
    ]);
    const guess = "a-guessed-token-of-somebody";
    await live.stranger().enrol(guess);
    await fetch(live.url + routes.jobs, { headers: { authorization: `Bearer ${guess}` } });
    await live.call("POST", routes.jobs, {
      jobs: [{ command: ["true"], environment: { PASSWORD: "hunter2-hunter2" } }],
    });
    await agent.heartbeat({ slotsFree: 2 });
    await agent.post(routes.resumed, { reason: 7 });
    const headers = agent.headers("GET", routes.events);
    await fetch(live.url + routes.events, { headers: { ...headers, signature: "sig1=:AAAA:" } });
    const served = [];
    for (const path of [routes.metrics, routes.documentation, routes.health, routes.ready]) {
      served.push(await (await fetch(live.url + path)).text());
    }
    await live.broker.close();
    const told = [...lines, ...live.history.map((record) => JSON.stringify(record)), ...served].join("\n");
    expect(lines.length).toBeGreaterThan(10);
    expect(told).toContain(agent.agentId);
    const signature = headers["signature"] ?? "";
    expect(signature.length).toBeGreaterThan(60);
    const secrets = [
      invitation,
      live.broker.joinToken,
      live.broker.operatorToken,
      joinToken,
      guess,
      "hunter2-hunter2",
      signature,
    ];
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  },
  async "What the broker keeps on its own machine is its own user's alone."() {
    const directory = join(temporaryDirectory(), "data");
    const live = await LiveBroker.start({ directory });
    const { agent, leaseId } = await holder(live);
    expect((await agent.upload(leaseId, Buffer.from("frozen"), { to: 3 })).status).toBe(204);
    const open = ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" })]
      // SQLite's own files beside the database lie in a directory that nobody else enters.
      .filter((name) => !/-(wal|shm)$/.test(name))
      .filter((name) => (statSync(join(directory, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  },
};
