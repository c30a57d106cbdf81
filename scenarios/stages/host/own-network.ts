import { Network, type Seat } from "../netns/network.ts";
import { startActor } from "./actor.ts";
import type { HostStage } from "./host-stage.ts";

/** Where an actor is to be on the stage `netns`, which makes the network with the first; undefined on the host's own. */
export async function seatOf(stage: HostStage, name: string): Promise<Seat | undefined> {
  const { options } = stage;
  if (options.isolated !== true) return undefined;
  stage.network ??= await Network.open({
    async start(request) {
      const started = await startActor({
        ...request,
        run: options.id,
        historyFile: options.directory.history,
        logDirectory: options.directory.logs,
        cgroup: stage.cgroup,
        ledger: options.ledger,
        signal: stage.schedule.signal,
      });
      stage.see(started.actor.pid, "harness");
      return started;
    },
  });
  return await stage.network.seat(name);
}
