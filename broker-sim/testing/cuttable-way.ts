import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseRedisAddress } from "../io/stores/redis-address.ts";

/**
 * A way to a server on which an answer can get lost, so that nobody knows whether what was asked for was done; or on
 * which what is asked for stands still.
 */
export class CuttableWay {
  cuts = 0;
  #isToCut = false;
  /** What is in the request whose answer is cut. */
  #cutAfter: string | undefined;
  #isHeld = false;
  readonly #directory = mkdtempSync(join(tmpdir(), "way-"));
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #nearSockets = new Set<Socket>();

  private constructor(address: string) {
    const { path, host, port } = parseRedisAddress(address).connection;
    this.#server = createServer((near) => {
      const far = path === undefined ? connect(port ?? 0, host ?? "") : connect(path);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => (near.destroy(), far.destroy()));
      }
      this.#nearSockets.add(near);
      near.on("data", (bytes) => {
        if (this.#cutAfter !== undefined && bytes.includes(this.#cutAfter)) {
          this.#cutAfter = undefined;
          this.#isToCut = true;
        }
        far.write(bytes);
      });
      if (this.#isHeld) near.pause();
      far.on("data", (bytes) => {
        if (!this.#isToCut) return void near.write(bytes);
        this.#isToCut = false;
        this.cuts += 1;
        near.destroy();
      });
    });
  }

  static async to(address: string): Promise<CuttableWay> {
    const way = new CuttableWay(address);
    way.#server.listen(join(way.#directory, "socket"));
    await once(way.#server, "listening");
    return way;
  }

  /** The same database and namespace, by this way. */
  url(address: string): string {
    const { connection, namespace } = parseRedisAddress(address);
    return `redis+unix://${this.#directory}/socket?database=${connection.db}&namespace=${namespace}`;
  }

  /** The server does what it is asked for next, and its answer does not arrive. */
  cutNextAnswer(): void {
    this.#isToCut = true;
  }

  /** As that, of the next request that holds this text. */
  cutAnswerTo(text: string): void {
    this.#cutAfter = text;
  }

  /** What is asked for from here on waits. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#nearSockets) socket.pause();
  }

  /** What waits goes on, and so does everything after it. */
  release(): void {
    this.#isHeld = false;
    for (const socket of this.#nearSockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
