import { once } from "node:events";
import { createServer } from "node:net";

import { attempted } from "./attempted.mjs";

// Listens on a port of the loopback interface, the host's or its own.

export async function begin() {
  const port = Number(process.env.OUTSIDE_PORT);
  const server = createServer((socket) => socket.end("a job\n"));
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    attempted({ [port]: "done" });
  } catch (error) {
    attempted({ [port]: error.code });
  }
  server.unref();
}
