import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { messageOf } from "../../../foundation/errors.ts";
import { Envelope } from "../../../protocol/federation.ts";
import { routes } from "../../../protocol/routes.ts";

const callMsMax = 30_000;

/** The way from a hub to its spoke, on which somebody listens: what goes by is passed on as it is, and kept. */
export class OverheardLine {
  /** The commands that went by, oldest first. */
  readonly commands: Envelope[] = [];
  readonly #server: Server;
  readonly #target: () => string;

  private constructor(target: () => string) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: unknown) => {
        // Whoever asks finds that nobody answers, as on a line that is cut.
        outgoing.destroy(new Error(messageOf(error)));
      });
    });
  }

  /** @param target where the spoke listens, asked for at every call: it may come back elsewhere */
  static async open(target: () => string): Promise<OverheardLine> {
    const line = new OverheardLine(target);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    line.#server.unref();
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    const { method = "GET", url: path = "/" } = incoming;
    if (path === routes.federationCommands) this.#keep(body);
    const answer = await fetch(this.#target() + path, {
      method,
      headers: { "content-type": incoming.headers["content-type"] ?? "application/json" },
      ...(method === "GET" ? {} : { body }),
      signal: AbortSignal.timeout(callMsMax),
    });
    const text = await answer.text();
    outgoing.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    outgoing.end(text);
  }

  #keep(body: Buffer): void {
    const envelope = Envelope.safeParse(JSON.parse(body.toString("utf8")));
    if (envelope.success) this.commands.push(envelope.data);
  }
}
