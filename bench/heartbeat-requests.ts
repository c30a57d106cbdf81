import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from "node:crypto";

import type { HeartbeatRequest } from "../protocol/messages.ts";
import { instanceHeader, routes } from "../protocol/routes.ts";
import { revocationStatement, signatureBase, signatureHeaders } from "../protocol/signing.ts";

/** Names the agent to a server that looks at no signature; every server is sent the same bytes. */
export const agentHeader = "houseguest-bench-agent";

const slots = 2;
const resources = { cpus: 4, loadAverage: 0.5, memoryBytesTotal: 16e9, memoryBytesFree: 8e9 };

/** Signs whole requests ahead, as the bytes that go over the wire: whoever sends them has nothing left to do. */
export class PreparedAgent {
  readonly agentId: string;
  readonly #instanceId = randomUUID();
  readonly #publicKey: string;
  readonly #key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#key = privateKey;
    this.#publicKey = String(publicKey.export({ format: "jwk" }).x);
    this.agentId = createHash("sha256").update(Buffer.from(this.#publicKey, "base64url")).digest("hex");
  }

  enrolment(joinToken: string): Buffer {
    const statement = Buffer.from(revocationStatement(this.agentId), "utf8");
    const signature = sign(null, statement, this.#key).toString("base64url");
    const revocation = { agentId: this.agentId, signature };
    return this.#request("POST", routes.enrol, { joinToken, publicKey: this.#publicKey, slots, revocation });
  }

  heartbeat(state: HeartbeatRequest["state"]): Buffer {
    return this.#request("POST", routes.heartbeat, { state, slots, slotsFree: slots, resources, leases: [] });
  }

  /** Opens the event stream. */
  events(): Buffer {
    return this.#request("GET", routes.events, null);
  }

  /** Valid for as long as the broker's window, with a nonce of its own. */
  #request(method: string, path: string, message: unknown): Buffer {
    const body = message === null ? "" : JSON.stringify(message);
    const parts = {
      method,
      path,
      contentDigest: `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
      instanceId: this.#instanceId,
      createdS: Math.floor(Date.now() / 1_000),
      agentId: this.agentId,
      nonce: randomBytes(16).toString("base64url"),
    };
    const signature = sign(null, Buffer.from(signatureBase(parts), "utf8"), this.#key).toString("base64");
    const headers = {
      host: "127.0.0.1",
      ...signatureHeaders(parts, signature),
      [instanceHeader]: this.#instanceId,
      [agentHeader]: this.agentId,
      ...(message === null
        ? { accept: "text/event-stream" }
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`, "utf8");
  }
}
