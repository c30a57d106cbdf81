import { chmodSync, lstatSync, readSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";

import { limits } from "../../foundation/limits.ts";
import { ControlRequest, type ControlResponse } from "../../protocol/control.ts";
import * as z from "zod";

export interface ControlServerOptions {
  readonly path: string;
  /** Called in the very tick in which the request's last byte was read. */
  readonly onRequest: (request: ControlRequest, respond: (response: ControlResponse) => void) => void;
}

export interface ControlServer {
  /** Binds the socket again if somebody has removed it; true when it had to. */
  renew(): Promise<boolean>;
  /** Takes no new connection and removes the socket; those who wait for an answer get it. */
  stopListening(): Promise<void>;
  /** Ends every connection too, after what was answered is sent. */
  close(): Promise<void>;
}

const connectionsMax = 64;
/** A client that has not sent its request by then is cut off, in milliseconds. */
const requestWithinMs = 10_000;
const lineBreak = 0x0a;
/** Any request that the command line sends fits. */
const firstReadBytes = 4_096;
/** How long a client may take to read its answer once the agent ends, in milliseconds. */
const drainMs = 1_000;

/**
 * Serves the control socket in the agent's home, for its owner alone. Whoever calls this holds the home's lock, so a
 * socket that is there is a dead instance's.
 */
export async function controlServer({ path, onRequest }: ControlServerOptions): Promise<ControlServer> {
  const connections = new Set<Socket>();
  const open = async (): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      connections.add(socket);
      socket.once("close", () => connections.delete(socket));
      serveConnection(socket, onRequest);
    });
    server.maxConnections = connectionsMax;
    rmSync(path, { force: true });
    await listen(server, path);
    return server;
  };
  let server = await open();
  let bound = inodeOf(path);
  let listening: Promise<void> | null = null;
  const isClosing = (): boolean => listening !== null;
  const stopListening = async (): Promise<void> => {
    // Closing waits for the connections, the socket's name is gone at once.
    listening ??= new Promise((resolve) => server.close(() => resolve()));
    rmSync(path, { force: true });
    await Promise.resolve();
  };
  return {
    async renew() {
      if (isClosing() || inodeOf(path) === bound) return false;
      // Closed before the other is bound: closing removes the name. Its connections live on.
      server.close();
      const next = await open();
      if (isClosing()) {
        next.close();
        return false;
      }
      server = next;
      bound = inodeOf(path);
      return true;
    },
    stopListening,
    async close() {
      await stopListening();
      await Promise.all([...connections].map(drain));
      await listening;
    },
  };
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

async function listen(server: Server, path: string): Promise<void> {
  // The umask keeps the socket closed to others from its first moment, not only after the chmod.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
      // listen(2) on a path is carried out synchronously.
      process.umask(before);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
}

function serveConnection(socket: Socket, onRequest: ControlServerOptions["onRequest"]): void {
  let received: Buffer = Buffer.alloc(0);
  let served = false;
  const respond = (response: ControlResponse): void => {
    // A client that has gone does not change what it asked for.
    if (!socket.destroyed) socket.end(`${JSON.stringify(response)}\n`);
  };
  const patience = setTimeout(() => socket.destroy(), requestWithinMs).unref();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => clearTimeout(patience));
  const take = (chunk: Buffer): void => {
    if (served) return;
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(lineBreak);
    if (end < 0 && received.length <= limits.controlRequestBytesMax) return;
    served = true;
    clearTimeout(patience);
    const request = end < 0 ? undefined : parseRequest(received.toString("utf8", 0, end));
    if (request?.success === true) onRequest(request.data, respond);
    else respond(badRequest(request?.error));
  };
  socket.on("data", take);
  socket.on("end", () => {
    if (served) return;
    served = true;
    respond(badRequest(undefined));
  });
  take(sentAlready(socket));
}

/**
 * What lies in the socket in the moment in which the connection is taken. Node would read it after what came meanwhile
 * from everybody else, the broker's answers above all: of a pause on busy processors that was up to six milliseconds.
 */
function sentAlready(socket: Socket): Buffer {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  const fd = handle?.fd;
  // Node does not document it; without it the request comes a little later.
  if (fd === undefined || fd < 0) return Buffer.alloc(0);
  try {
    const bytes = Buffer.alloc(firstReadBytes);
    return bytes.subarray(0, readSync(fd, bytes));
  } catch {
    // Nothing is there yet (EAGAIN); of anything worse the stream tells.
    return Buffer.alloc(0);
  }
}

function parseRequest(line: string) {
  try {
    return ControlRequest.safeParse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function badRequest(error: z.ZodError | undefined): ControlResponse {
  return {
    ok: false,
    code: "bad-request",
    message: `That is no request of the control socket${error === undefined ? "" : `: ${z.prettifyError(error)}`}.`,
    next: 'Send one JSON object and a newline, like {"command":"status"}.',
  };
}

async function drain(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const patience = setTimeout(() => socket.destroy(), drainMs);
    socket.once("close", () => {
      clearTimeout(patience);
      resolve();
    });
    socket.end();
    // The client's own end may have come long ago, or never comes.
    socket.resume();
    if (socket.writableFinished) socket.destroy();
    else socket.once("finish", () => socket.destroy());
  });
}
