import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";

import { onTestFinished } from "vitest";

export interface RawAnswer {
  readonly status: number;
  /** Without its parameters, or empty. */
  readonly type: string;
  readonly body: Buffer;
}

/** What is answered to exactly these bytes, which no client would touch up on their way; the server ends the connection. */
export async function rawRequest(url: string, request: string | Buffer): Promise<RawAnswer> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const answered = buffer(socket);
  socket.write(request);
  const answer = await answered;
  const at = answer.indexOf("\r\n\r\n");
  const head = answer.subarray(0, at).toString("latin1");
  const type = /^content-type: *([^;\r\n]+)/im.exec(head)?.[1] ?? "";
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), type, body: answer.subarray(at + 4) };
}

/** A request as it stands on the wire; `path` is sent as it is. */
export function rawBytes(
  method: string,
  path: string,
  { headers, body = Buffer.alloc(0) }: { headers: Record<string, string>; body?: Buffer },
): Buffer {
  const fields = { host: "localhost", connection: "close", "content-length": String(body.length), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n"), "latin1"), body]);
}
