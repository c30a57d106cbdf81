import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { assert } from "../../../foundation/assert.ts";
import { limits } from "../../../foundation/limits.ts";
import { Digest, LeaseId } from "../../../protocol/identifiers.ts";
import { routes } from "../../../protocol/routes.ts";
import { chunkType, readChunkPlace, type UploadStatus, uploadStatusFields } from "../../../protocol/uploads.ts";
import type { UploadKey } from "../../core/records.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BrokerService } from "../broker-service.ts";
import { ProblemError, answerOf } from "../problems.ts";
import { assertDigest } from "../security/request-signature.ts";
import { type SignedScope, callerOf, requireSignature } from "../security/signed-requests.ts";
import { takeChunk } from "./take-chunk.ts";
import { Turns } from "../turns.ts";
import { uploadIdOf } from "../../core/upload-list.ts";

const UploadParams = z.object({ leaseId: LeaseId, digest: Digest });

/** What whoever asks is told beside the offset: the most that the broker takes (the draft's `Upload-Limit`). */
const uploadLimit = `max-size=${limits.checkpointBytesMax}, max-append-size=${limits.uploadChunkBytesMax}`;

/**
 * Checkpoints on their way here (protocol/uploads.ts). A chunk is read as a whole and held against the digest that it was
 * signed with before any of it is written; and of one upload one request is answered at a time.
 */
export function registerUploadRoutes(
  plain: FastifyInstance,
  { service, blobs, ...signed }: { service: BrokerService; blobs: BlobStore } & SignedScope,
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  requireSignature(app, { ...signed, keyOf: "agent" });
  app.addContentTypeParser(
    chunkType,
    { parseAs: "buffer", bodyLimit: limits.uploadChunkBytesMax },
    async (request: FastifyRequest, body: Buffer) => {
      assert(request.claim !== null, "the signature was read before the body");
      assertDigest(request.claim, body);
      return body;
    },
  );
  const turns = new Turns();
  const schema = { params: UploadParams };
  const path = routes.upload(":leaseId", ":digest");

  app.head(path, { schema }, async (request, reply) => {
    const caller = callerOf(request);
    const decided = await turns.take(uploadIdOf(keyOf(request)), () =>
      service.handle({ type: "upload-asked", caller, ...request.params }),
    );
    return await tell(reply.header("upload-limit", uploadLimit), answerOf(decided));
  });

  app.patch(path, { schema }, async (request, reply) => {
    const place = readChunkPlace((name) => headerOf(request, name));
    if (place === undefined || !Buffer.isBuffer(request.body)) {
      throw new ProblemError("bad-request", `A chunk is ${chunkType} and says where it belongs, and in how much.`);
    }
    const content = request.body;
    const key = keyOf(request);
    const caller = callerOf(request);
    const status = await turns.take(uploadIdOf(key), () =>
      takeChunk({ service, blobs }, { caller, key, place, content }),
    );
    return await tell(reply, status);
  });
}

function keyOf(request: FastifyRequest & { params: { leaseId: string; digest: string } }): UploadKey {
  return { agentId: callerOf(request).agentId, ...request.params };
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

async function tell(reply: FastifyReply, status: UploadStatus): Promise<FastifyReply> {
  return await reply
    .code(204)
    .headers({ "cache-control": "no-store", ...uploadStatusFields(status) })
    .send();
}
