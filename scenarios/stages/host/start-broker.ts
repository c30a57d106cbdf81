import * as z from "zod";

import { type Actor, startActor } from "./actor.ts";
import type { HostStage } from "./host-stage.ts";
import { seatOf } from "./own-network.ts";
import { Operator } from "./operator.ts";
import { startStore } from "./start-store.ts";

const readyWithinMs = 20_000;
const Ready = z.looseObject({
  url: z.url(),
  joinToken: z.string(),
  operatorToken: z.string().optional(),
  pid: z.int(),
});

/** Starts a broker on a free port of the loopback interface; one that ran before comes back where it was. */
export async function startBroker(stage: HostStage): Promise<string> {
  const { options, broker: before, storeDirectory } = stage;
  const data = storeDirectory === undefined ? [] : ["--data", storeDirectory];
  const where = before === undefined ? ["--port", "0"] : sameAgain(before);
  const seat = await seatOf(stage, "broker");
  const host = seat === undefined ? [] : ["--host", seat.address, "--allow-remote"];
  const takes = options.brokerTakesFaults ? ["--faults"] : [];
  const kept = options.store === "redis" ? await startStore(stage) : options.store;
  const store = ["--store", kept, ...data, ...takes];
  const { actor, ready } = await startBrokerProcess(stage, "broker", [...where, ...host, ...store]);
  // One that comes back is where it was.
  const here = before?.here ?? (await stage.network?.wayTo(ready.url)) ?? ready.url;
  stage.broker = {
    ...{ url: ready.url, here },
    joinToken: ready.joinToken,
    actor,
    operatorToken: ready.operatorToken,
    operator: new Operator(here, { operatorToken: ready.operatorToken, signal: options.signal }),
  };
  if (stage.brokerIsKilled) options.history.record("fault.undone", { fault: "kill-broker", target: "broker" });
  stage.brokerIsKilled = false;
  return `${ready.url}, ${options.store} store`;
}

/** Starts one more process of the broker's program, as an actor of that name. */
export async function startBrokerProcess(
  stage: HostStage,
  name: string,
  serve: readonly string[],
): Promise<{ actor: Actor; ready: z.infer<typeof Ready> }> {
  const { options } = stage;
  const started = await startActor({
    name,
    command: [
      ...(stage.network?.enter(name) ?? []),
      ...options.brokerCommand,
      ...["serve", ...serve, "--timing", JSON.stringify(options.timing), "--json"],
    ],
    ready: Ready,
    readyWithinMs,
    run: options.id,
    // The homes of agents that it starts come to lie where the scanner and the undo ledger know of them.
    environment: { TMPDIR: stage.place, ...stage.clocks.environmentOf(name) },
    historyFile: options.directory.history,
    logDirectory: options.directory.logs,
    cgroup: stage.cgroup,
    ledger: options.ledger,
    signal: stage.schedule.signal,
  });
  const { actor } = started;
  stage.see(actor.pid, "harness");
  void actor.exited.then(({ code, signal }) => {
    options.history.record("process.exit", { name, pid: actor.pid, code, signal });
  });
  return started;
}

function sameAgain({ url, joinToken, operatorToken }: NonNullable<HostStage["broker"]>): string[] {
  const token = operatorToken === undefined ? [] : ["--operator-token", operatorToken];
  return ["--port", new URL(url).port, "--join-token", joinToken, ...token];
}
