import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** One request for an upload, as it went by. */
export interface SeenUpload {
  readonly method: "HEAD" | "PATCH";
  readonly digest: string;
  /** Of a chunk: where it belongs, and in how much; else null. */
  readonly offset: number | null;
  readonly length: number | null;
  /** Whether it went by after the line was cut. */
  readonly afterCut: boolean;
}

/**
 * A line between an agent and its broker that counts what the agent sends, notes what it says of uploads, and breaks
 * after so many bytes: every connection is reset, and new ones are refused until it is mended.
 */
export class CuttingProxy {
  readonly uploads: SeenUpload[] = [];
  /** The offsets that the broker told after the cut, in order. */
  readonly confirmed: number[] = [];
  /** Everything that came from the agent. */
  bytesSent = 0;
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #cut = Promise.withResolvers<void>();
  #cutAfterBytes = Infinity;
  #isCut = false;
  #refuses = false;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((agent) => this.#join(agent));
  }

  /** @returns the address to give to the agent */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when the line is cut, so many bytes from now. */
  async cutAfter(bytes: number): Promise<void> {
    this.#cutAfterBytes = this.bytesSent + bytes;
    await this.#cut.promise;
  }

  mend(): void {
    this.#refuses = false;
  }

  close(): void {
    this.#breakAll();
    this.#server.close();
  }

  #join(agent: Socket): void {
    if (this.#refuses) {
      agent.resetAndDestroy();
      return;
    }
    const broker = connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [agent, broker]) {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        (socket === agent ? broker : agent).destroy();
      });
      // What breaks here closes, too.
      socket.on("error", () => undefined);
    }
    const [said, heard] = [this.#reader(readRequest), this.#reader(readAnswer)];
    agent.on("data", (bytes: Buffer) => {
      this.bytesSent += bytes.length;
      said(bytes);
      if (!this.#isCut && this.bytesSent >= this.#cutAfterBytes) this.#breakOff();
      else broker.write(bytes);
    });
    broker.on("data", (bytes: Buffer) => {
      heard(bytes);
      agent.write(bytes);
    });
  }

  /** Looks for whole heads in what goes by; a head may come in two pieces. */
  #reader(read: (proxy: CuttingProxy, head: string) => void): (bytes: Buffer) => void {
    let rest = "";
    return (bytes) => {
      const text = rest + bytes.toString("latin1");
      for (const head of text.match(/(?:HEAD|PATCH) \/[^]*?\r\n\r\n|HTTP\/1\.1 [^]*?\r\n\r\n/g) ?? []) read(this, head);
      const begun = /(?:HEAD|PATCH) \/(?:(?!\r\n\r\n)[^])*$|HTTP\/1\.1 (?:(?!\r\n\r\n)[^])*$/.exec(text);
      rest = (begun?.[0] ?? "").slice(0, headBytesMax);
    };
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  #breakOff(): void {
    this.#isCut = true;
    this.#refuses = true;
    this.#breakAll();
    this.#cut.resolve();
  }

  #breakAll(): void {
    for (const socket of [...this.#sockets]) socket.resetAndDestroy();
  }
}

const headBytesMax = 8_192;

function readRequest(proxy: CuttingProxy, head: string): void {
  const [, method, digest] = /^(HEAD|PATCH) \S+\/uploads\/([0-9a-f]{64}) /.exec(head) ?? [];
  if (digest === undefined || (method !== "HEAD" && method !== "PATCH")) return;
  const field = (name: string): number | null => {
    const value = new RegExp(`\\r\\n${name}: (\\d+)\\r\\n`, "i").exec(head)?.[1];
    return value === undefined ? null : Number(value);
  };
  const [offset, length] = [field("upload-offset"), field("upload-length")];
  proxy.uploads.push({ method, digest, offset, length, afterCut: proxy.isCut });
}

function readAnswer(proxy: CuttingProxy, head: string): void {
  const offset = /\r\nupload-offset: (\d+)\r\n/i.exec(head)?.[1];
  if (offset !== undefined && proxy.isCut) proxy.confirmed.push(Number(offset));
}
