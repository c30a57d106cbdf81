import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf } from "../../foundation/errors.ts";
import { byteSize } from "../../reports/text/duration.ts";
import { checkPlace } from "../preflight.ts";
import type { Probe, Trial } from "./probe.ts";

/** Homes, checkpoints, logs and stores of one run, with as much again to spare. */
const roomBytesMin = 512 * 1024 * 1024;

/** Agents live below the directory for temporary files, each with a socket. */
export const placeProbe: Probe = {
  name: "temporary-place",
  for: "the agents' homes and their control sockets",
  attempt: async () => {
    const place = tmpdir();
    checkPlace(place);
    const directory = mkdtempSync(join(place, "houseguest-doctor-"));
    try {
      await listening({ path: join(directory, "socket") });
      return { status: "ok", detail: place };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  remedy: () => "TMPDIR=/var/tmp npx scenarios …",
};

export const roomProbe: Probe = {
  name: "disk-space",
  for: "homes, checkpoints and stores of a run",
  attempt: async () => {
    const { bavail, bsize } = statfsSync(tmpdir());
    const bytes = bavail * bsize;
    const status = bytes >= roomBytesMin ? "ok" : "no";
    return { status, detail: `${byteSize(bytes)} are free in ${tmpdir()}` };
  },
  remedy: () => `Make ${byteSize(roomBytesMin)} free there, or: TMPDIR=/var/tmp npx scenarios …`,
};

export const portProbe: Probe = {
  name: "loopback",
  for: "the broker's port, on 127.0.0.1",
  attempt: async () => await listening({ host: "127.0.0.1", port: 0 }),
  remedy: () => "ip link set lo up",
};

async function listening(where: { path: string } | { host: string; port: number }): Promise<Trial> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(where, resolve));
    const address = server.address();
    return { status: "ok", detail: typeof address === "object" ? `bound port ${address?.port}` : "bound" };
  } catch (error) {
    return { status: "no", detail: messageOf(error) };
  } finally {
    server.close();
  }
}
