import { OperatorClient } from "../../../broker-sim/io/operator-client.ts";
import type { HostStage } from "./host-stage.ts";
import { OverheardLine } from "./overheard-line.ts";
import { operatorOf } from "./spawn-agents.ts";
import { startBrokerProcess } from "./start-broker.ts";

/** Starts a second broker, which becomes the hub of the first by its invitation; the harness listens on their line. */
export async function federate(stage: HostStage): Promise<string> {
  const line = await OverheardLine.open(() => stage.running.url);
  stage.closing.push(() => line.close());
  const { actor, ready } = await startBrokerProcess(stage, "hub", ["--port", "0", "--store", "memory"]);
  stage.closing.push(async () => {
    actor.kill("SIGHUP");
    await actor.exited;
  });
  const client = new OperatorClient(ready.url, ready.operatorToken);
  const { connection, invitation } = await operatorOf(stage).invite({ name: "hub", url: line.url });
  await client.acceptInvitation({ invitation, name: "spoke" });
  stage.hub = { client, line, connectionId: connection.connectionId, spawns: [] };
  return `${connection.connectionId}, from ${ready.url} by way of ${line.url}`;
}
