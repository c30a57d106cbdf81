import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";

import { takeSnapshot } from "../../../residue-scanner/scanner.ts";
import type { Misbehaviour } from "../../jobs/behaviours.ts";
import type { HostStage } from "./host-stage.ts";
import type { Leavable, Outside } from "./hostile.ts";

/** Directories that every user may write to, and none of which is a job's own. */
const places: readonly string[] = ["/tmp", "/var/tmp", "/dev/shm"];
const spool = "/var/spool/cron";

/** The environment that tells a job what to try; empty for jobs that try nothing outside. */
export async function outsideEnvironment(stage: HostStage, behaviour: Misbehaviour): Promise<Record<string, string>> {
  if (!(behaviour in leaves)) return {};
  const outside = (stage.hostile.outside ??= await prepare(stage, behaviour));
  return {
    OUTSIDE_NAME: outside.mark,
    OUTSIDE_PLACES: JSON.stringify(places),
    OUTSIDE_PORT: String(outside.port),
  };
}

type Leaves = (stage: HostStage, mark: string) => readonly Leavable[];

/** What each kind may leave; registered for undoing before any job could do it. */
const leaves: Partial<Record<Misbehaviour, Leaves>> = {
  "writes-outside": ({ options: { ledger } }, mark) =>
    places.map((directory) => {
      const location = join(directory, mark);
      return { surface: "files", location, undo: ledger.register({ undo: "remove-directory", path: location }) };
    }),
  "edits-crontab": ({ options: { ledger } }, mark) => [
    { surface: "crontabs", location: mark, undo: ledger.register({ undo: "clean-crontab", mark }) },
  ],
  "opens-port": () => [],
};

async function prepare(stage: HostStage, behaviour: Misbehaviour): Promise<Outside> {
  const mark = `houseguest-left-${stage.options.id}`;
  const leavable = leaves[behaviour]?.(stage, mark) ?? [];
  const beganAtMs = Date.now();
  const roots = behaviour === "edits-crontab" ? [spool] : places;
  const before = await takeSnapshot({ roots, surfaces: ["files", "crontabs"], signal: stage.options.signal });
  return { mark, port: await freePort(), leavable, before, beganAtMs };
}

/** One that is free now; whoever takes it meanwhile makes the job's attempt fail, and the run unknown. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
