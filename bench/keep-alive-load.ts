import { once } from "node:events";
import { type Socket, connect } from "node:net";

import { assert } from "../foundation/assert.ts";

/** What came back. */
export interface Answers {
  readonly seconds: number;
  readonly byStatus: ReadonlyMap<number, number>;
  /** The body of the last one that was no success, for whoever has to say what is wrong. */
  readonly problem: string;
}

interface Line {
  readonly socket: Socket;
  /** What has come and is no whole answer yet. */
  rest: Buffer;
}

const endOfHead = Buffer.from("\r\n\r\n");

/** Connections that stay open, each an agent's, over which prepared requests are sent: so many at a time, never more. */
export class KeepAliveLoad {
  readonly #lines: readonly Line[];
  #onAnswer: (status: number, body: () => string) => void = () => undefined;
  #onEnd: (error: Error) => void = () => undefined;

  private constructor(sockets: readonly Socket[]) {
    this.#lines = sockets.map((socket) => ({ socket, rest: Buffer.alloc(0) }));
    for (const line of this.#lines) {
      line.socket.on("data", (bytes) => this.#read(line, bytes));
      line.socket.on("error", (error) => this.#onEnd(error));
      line.socket.on("close", () => this.#onEnd(new Error("the server closed a connection")));
    }
  }

  static async open(url: string, connections: number): Promise<KeepAliveLoad> {
    const { hostname, port } = new URL(url);
    const sockets: Socket[] = [];
    // Not all at once: a backlog that is full drops those behind it, and they come again a second later.
    for (let index = 0; index < connections; index += 1) {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      sockets.push(socket);
      if (index % 100 === 99) await once(socket, "connect");
    }
    await Promise.all(sockets.map(async (socket) => (socket.connecting ? await once(socket, "connect") : null)));
    return new KeepAliveLoad(sockets);
  }

  /**
   * Sends all of them, the n-th over the n-th connection and round again, and resolves when all are answered.
   *
   * @throws Error when a connection ends
   */
  async send(requests: readonly Buffer[], { inFlight }: { inFlight: number }): Promise<Answers> {
    const byStatus = new Map<number, number>();
    let [sent, answered, problem] = [0, 0, ""];
    const done = Promise.withResolvers<void>();
    const sendNext = (): void => {
      const request = requests[sent];
      if (request === undefined) return;
      this.#lines[sent % this.#lines.length]?.socket.write(request);
      sent += 1;
    };
    this.#onAnswer = (status, body) => {
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      if (status >= 300) problem = body();
      answered += 1;
      if (answered === requests.length) done.resolve();
      else sendNext();
    };
    this.#onEnd = done.reject;
    const startedMs = performance.now();
    for (let index = 0; index < inFlight; index += 1) sendNext();
    await done.promise;
    this.#onEnd = () => undefined;
    return { seconds: (performance.now() - startedMs) / 1_000, byStatus, problem };
  }

  close(): void {
    this.#onEnd = () => undefined;
    for (const { socket } of this.#lines) socket.destroy();
  }

  #read(line: Line, bytes: Buffer): void {
    line.rest = line.rest.length === 0 ? bytes : Buffer.concat([line.rest, bytes]);
    for (;;) {
      const headEnd = line.rest.indexOf(endOfHead);
      if (headEnd < 0) return;
      const head = line.rest.toString("latin1", 0, headEnd);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      assert(length !== undefined, "every answer says how long it is");
      const end = headEnd + endOfHead.length + Number(length);
      if (line.rest.length < end) return;
      const answer = line.rest;
      line.rest = line.rest.subarray(end);
      this.#onAnswer(Number(head.slice(9, 12)), () => answer.toString("utf8", headEnd + endOfHead.length, end));
    }
  }
}
