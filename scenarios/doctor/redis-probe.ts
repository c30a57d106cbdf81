import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { withinDeadline } from "../../foundation/deadline.ts";
import { messageOf, systemCode } from "../../foundation/errors.ts";
import type { Probe, Trial } from "./probe.ts";

const withinMs = 10_000;

/** A server that answers on a socket of its own, and is gone again with all that it wrote. */
export const redisProbe: Probe = {
  name: "redis-server",
  for: "faults of a Redis store",
  attempt: async () => {
    const place = mkdtempSync(join(tmpdir(), "houseguest-doctor-"));
    const socket = join(place, "socket");
    const server = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", place], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise<Trial>((resolve) => {
      server.once("error", (error) => {
        const detail = systemCode(error) === "ENOENT" ? "redis-server is not installed" : messageOf(error);
        resolve({ status: "no", detail });
      });
      server.once("exit", (code, signal) => resolve({ status: "no", detail: `ended with ${code ?? signal}` }));
    });
    try {
      const late: Trial = { status: "no", detail: `does not answer within ${withinMs / 1_000} s` };
      return await withinDeadline(Promise.race([ended, pong(server.stdout, socket)]), { ms: withinMs, late });
    } finally {
      server.kill("SIGKILL");
      await ended;
      rmSync(place, { recursive: true, force: true });
    }
  },
  remedy: () => "apt install redis-server",
};

async function pong(output: NodeJS.ReadableStream, socket: string): Promise<Trial> {
  // Its log says when it listens, in these words since version 2.
  await new Promise<void>((resolve) => {
    createInterface({ input: output }).on("line", (line) => {
      if (/ready to accept connections/i.test(line)) resolve();
    });
  });
  const client = connect(socket);
  try {
    client.write("PING\r\n");
    const [answer] = (await once(client, "data")) as [Buffer];
    const said = answer.toString("utf8").trim();
    return { status: said === "+PONG" ? "ok" : "no", detail: `answers ${said} on a socket` };
  } finally {
    client.destroy();
  }
}
