import { join } from "node:path";

import * as z from "zod";

import { startActor } from "./actor.ts";
import type { HostStage } from "./host-stage.ts";
import { Operator } from "./operator.ts";

const readyWithinMs = 20_000;
const Ready = z.looseObject({
  url: z.url(),
  joinToken: z.string(),
  operatorToken: z.string().optional(),
  pid: z.int(),
});

/** Starts a broker on a free port of the loopback interface; one that ran before comes back where it was. */
export async function startBroker(stage: HostStage): Promise<string> {
  const { options, broker: before } = stage;
  const data = options.store === "sqlite" ? ["--data", join(options.directory.path, "broker")] : [];
  const where = before === undefined ? ["--port", "0"] : sameAgain(before);
  const { actor, ready } = await startActor({
    name: "broker",
    command: [
      ...options.brokerCommand,
      ...["serve", ...where, "--store", options.store, ...data],
      ...["--timing", JSON.stringify(options.timing), "--json"],
      ...(options.brokerTakesFaults ? ["--faults"] : []),
    ],
    ready: Ready,
    readyWithinMs,
    run: options.id,
    historyFile: options.directory.history,
    logDirectory: options.directory.logs,
    cgroup: stage.cgroup,
    ledger: options.ledger,
    signal: stage.schedule.signal,
  });
  stage.see(actor.pid, "harness");
  stage.broker = {
    url: ready.url,
    joinToken: ready.joinToken,
    actor,
    operatorToken: ready.operatorToken,
    operator: new Operator(ready.url, { operatorToken: ready.operatorToken, signal: options.signal }),
  };
  void actor.exited.then(({ code, signal }) => {
    options.history.record("process.exit", { name: "broker", pid: actor.pid, code, signal });
  });
  if (stage.brokerIsKilled) options.history.record("fault.undone", { fault: "kill-broker", target: "broker" });
  stage.brokerIsKilled = false;
  return `${ready.url}, ${options.store} store`;
}

function sameAgain({ url, joinToken, operatorToken }: NonNullable<HostStage["broker"]>): string[] {
  const token = operatorToken === undefined ? [] : ["--operator-token", operatorToken];
  return ["--port", new URL(url).port, "--join-token", joinToken, ...token];
}
