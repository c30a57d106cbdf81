import { copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

import { present } from "../../../foundation/assert.ts";
import type { StoreRecords } from "../../faults/broker-store.ts";
import { appendFromNowOn, recordsOnServer, snapshotFile } from "../../faults/store-server.ts";
import { storeServer } from "../../needs/store-server.ts";
import { ActorError, launchActor } from "./actor.ts";
import { type HostStage, storePlace } from "./host-stage.ts";

const readyWithinMs = 20_000;
/** A server that starts gives no sign but its answers. In milliseconds. */
const askEveryMs = 10;

/**
 * Starts a server for the broker's store on a socket of its own, or starts it again with what is on its disk, and waits
 * until it answers.
 *
 * @returns where the broker finds it
 * @throws ActorError `no-store-server`, `not-started`
 */
export async function startStore(stage: HostStage): Promise<string> {
  const socket = storeSocket(stage);
  const url = `redis+unix://${socket}`;
  if (stage.storeServer?.hasExited() === false) return url;
  if (stage.storeServer === undefined) {
    stage.options.ledger.register({ undo: "remove-directory", path: storePlace(stage) });
  }
  await launchServer(stage, socket, ["--appendonly", "yes"]);
  return url;
}

/**
 * Kills the server, and starts it again with nothing but a snapshot that was kept of it. It reads that on a socket that
 * nobody knows, and is found where it was before once it keeps on its disk again what it takes: a server that starts to
 * append to a file reads no snapshot.
 *
 * @returns the records that it had when it had read the snapshot
 * @throws ActorError as `startStore`
 */
export async function rollBackStore(stage: HostStage, kept: string): Promise<StoreRecords> {
  const place = storePlace(stage);
  stage.storeServer?.kill("SIGKILL");
  await stage.storeServer?.exited;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  copyFileSync(join(kept, snapshotFile), join(place, snapshotFile));
  const unknown = join(place, "unknown");
  await launchServer(stage, unknown, ["--appendonly", "no"]);
  await appendFromNowOn(unknown);
  const records = await recordsOnServer(unknown);
  renameSync(unknown, storeSocket(stage));
  return records;
}

/** Where the broker finds the server. */
export function storeSocket(stage: Pick<HostStage, "place">): string {
  return join(storePlace(stage), "socket");
}

async function launchServer(stage: HostStage, socket: string, starts: readonly string[]): Promise<void> {
  const program = storeServer();
  if (program === undefined) {
    throw new ActorError("There is no redis-server for the broker's store.", {
      code: "no-store-server",
      next: "On Debian: apt-get install redis-server; or choose another store.",
    });
  }
  const { options } = stage;
  const place = storePlace(stage);
  mkdirSync(place, { recursive: true });
  const durable = [...starts, "--appendfsync", "always", "--save", ""];
  const { actor } = launchActor({
    name: "store",
    command: [program, "--port", "0", "--unixsocket", socket, "--dir", place, ...durable],
    ...{ run: options.id, historyFile: options.directory.history, logDirectory: options.directory.logs },
    // Its marker is enough to find it: a cgroup of its own would be one more to take down.
    ...{ cgroup: undefined, ledger: options.ledger },
  });
  stage.storeServer = actor;
  stage.see(actor.pid, "harness");
  const deadline = performance.now() + readyWithinMs;
  while (!(await answers(socket))) {
    stage.schedule.signal.throwIfAborted();
    if (actor.hasExited() || performance.now() > deadline) {
      throw new ActorError(`${program} did not start.`, { code: "not-started", next: `Read why in ${actor.logFile}.` });
    }
    await pauseFor(askEveryMs);
  }
}

/** Whether somebody there answers a PING; one that still loads its file answers otherwise. */
async function answers(socket: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const client = connect(socket);
    client.once("connect", () => void client.write("PING\r\n"));
    client.once("data", (bytes: Buffer) => {
      resolve(present(bytes, "something was said").toString().startsWith("+PONG"));
      client.destroy();
    });
    client.once("error", () => resolve(false));
    client.once("close", () => resolve(false));
  });
}
