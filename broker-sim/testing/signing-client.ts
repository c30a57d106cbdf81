import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from "node:crypto";

import type { EnrolRequest, HeartbeatRequest, LeaseStatus } from "../../protocol/messages.ts";
import { instanceHeader, routes } from "../../protocol/routes.ts";
import { revocationStatement, type SignedParts, signatureBase, signatureHeaders } from "../../protocol/signing.ts";
import { chunkFields, chunkType } from "../../protocol/uploads.ts";

/** What a test may change about a request, to see it refused. */
export interface Tampering {
  readonly createdS?: number;
  readonly nonce?: string;
  readonly instanceId?: string;
  /** Claimed and signed for, with this client's key. */
  readonly agentId?: string;
  /** Sent instead of the bytes that were signed for. */
  readonly bodySent?: Buffer;
  readonly contentType?: string;
  /** Changes the finished headers. */
  readonly headers?: (headers: Record<string, string>) => Record<string, string>;
}

interface UploadOptions {
  /** The chunk's first byte, and the one behind its last. */
  readonly from?: number;
  readonly to?: number;
  /** What the path says that the whole has. */
  readonly digest?: string;
}

export interface Answer {
  readonly status: number;
  // Tests read into it; a wrong guess shows as undefined.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** A signing client of a broker for tests: real keys, real HTTP, no judgement of its own. */
export class SigningClient {
  readonly agentId: string;
  readonly publicKey: string;
  instanceId: string = randomUUID();
  /** May be another one after the broker was started anew. */
  url: string;
  readonly #key: KeyObject;
  readonly #nowMs: () => number;
  #sent: [string, RequestInit] | undefined;

  constructor(url: string, { nowMs = Date.now } = {}) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.url = url;
    this.#nowMs = nowMs;
    this.#key = privateKey;
    this.publicKey = String(publicKey.export({ format: "jwk" }).x);
    this.agentId = createHash("sha256").update(Buffer.from(this.publicKey, "base64url")).digest("hex");
  }

  revocation(): EnrolRequest["revocation"] {
    const statement = Buffer.from(revocationStatement(this.agentId), "utf8");
    return { agentId: this.agentId, signature: sign(null, statement, this.#key).toString("base64url") };
  }

  async enrol(joinToken: string, { slots = 2 } = {}): Promise<Answer> {
    const { publicKey } = this;
    return await this.post(routes.enrol, { joinToken, publicKey, slots, revocation: this.revocation() });
  }

  async heartbeat(message: Partial<HeartbeatRequest> = {}): Promise<Answer> {
    const resources = { cpus: 2, loadAverage: 0.5, memoryBytesTotal: 1e9, memoryBytesFree: 5e8 };
    return await this.post(routes.heartbeat, {
      state: "Idle",
      slots: 2,
      slotsFree: 2,
      resources,
      leases: [],
      ...message,
    });
  }

  async post(path: string, body: unknown, tampering: Tampering = {}): Promise<Answer> {
    return await this.send("POST", path, Buffer.from(JSON.stringify(body)), {
      contentType: "application/json",
      ...tampering,
    });
  }

  /** Sends a chunk of an upload; by default all of it. */
  async upload(
    leaseId: string,
    whole: Buffer,
    { from = 0, to = whole.length, digest = digestOf(whole), ...tampering }: Tampering & UploadOptions = {},
  ): Promise<Answer> {
    const fields = chunkFields({ offset: from, length: whole.length, complete: to === whole.length });
    const headers = (signed: Record<string, string>): Record<string, string> => {
      const sent = { ...signed, ...fields };
      return tampering.headers?.(sent) ?? sent;
    };
    const chunk = { contentType: chunkType, ...tampering, headers };
    return await this.send("PATCH", routes.upload(leaseId, digest), whole.subarray(from, to), chunk);
  }

  async send(method: string, path: string, body: Buffer | null = null, tampering: Tampering = {}): Promise<Answer> {
    const headers = this.headers(method, path, { ...tampering, body });
    if (body !== null) headers["content-type"] ??= tampering.contentType ?? "application/octet-stream";
    const payload = tampering.bodySent ?? body;
    const sent = { method, headers, ...(payload === null ? {} : { body: new Uint8Array(payload) }) };
    this.#sent = [this.url + path, sent];
    return await answerTo(this.url + path, sent);
  }

  /** Sends what was sent last once more, byte for byte. */
  async replay(): Promise<Answer> {
    if (this.#sent === undefined) throw new Error("nothing was sent yet");
    return await answerTo(...this.#sent);
  }

  /** The headers of a signed request, for one that is sent by other means. */
  headers(
    method: string,
    path: string,
    { body = null, ...tampering }: Tampering & { body?: Buffer | null } = {},
  ): Record<string, string> {
    const parts: SignedParts = {
      method,
      path: path.split("?", 1)[0] ?? "",
      contentDigest: `sha-256=:${createHash("sha256")
        .update(body ?? "")
        .digest("base64")}:`,
      instanceId: tampering.instanceId ?? this.instanceId,
      createdS: tampering.createdS ?? Math.floor(this.#nowMs() / 1_000),
      agentId: tampering.agentId ?? this.agentId,
      nonce: tampering.nonce ?? randomBytes(16).toString("base64url"),
    };
    const signature = sign(null, Buffer.from(signatureBase(parts), "utf8"), this.#key).toString("base64");
    const headers = { ...signatureHeaders(parts, signature), [instanceHeader]: parts.instanceId };
    return tampering.headers?.(headers) ?? headers;
  }
}

async function answerTo(url: string, sent: RequestInit): Promise<Answer> {
  const response = await fetch(url, sent);
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  const parsed: unknown = isJson && bytes.length > 0 ? JSON.parse(bytes.toString("utf8")) : undefined;
  return { status: response.status, body: parsed, bytes, headers: response.headers };
}

export function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A lease as a heartbeat names it. */
export function statusOf(lease: { leaseId: string; jobId: string; epoch: number }, progress = 0): LeaseStatus {
  const { leaseId, jobId, epoch } = lease;
  return { leaseId, jobId, epoch, execution: "running", frozen: false, progress };
}
