import type { Readable } from "node:stream";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { limits } from "../../foundation/limits.ts";
import { Digest } from "../../protocol/identifiers.ts";
import { Acknowledged } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import type { Authentication } from "./authentication.ts";
import { blobTooLarge } from "./blob-check.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BrokerService } from "./broker-service.ts";
import { ProblemError } from "./problems.ts";
import { contentDigestOf } from "./request-signature.ts";
import { requireSignature } from "./signed-requests.ts";

const BlobParams = z.object({ digest: Digest });

/** Checkpoints up and down, as streams: their bytes are never held in memory as a whole. */
export function registerBlobRoutes(
  plain: FastifyInstance,
  { service, blobs, authentication }: { service: BrokerService; blobs: BlobStore; authentication: Authentication },
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  requireSignature(app, { authentication, keyOf: "agent" });
  app.addContentTypeParser("application/octet-stream", async (_request: FastifyRequest, payload: Readable) => payload);

  const schema = { params: BlobParams };
  app.put(routes.blob(":digest"), { schema: { ...schema, response: { 200: Acknowledged } } }, async (request) => {
    const { digest } = request.params;
    if (request.claim?.contentDigest !== contentDigestOf(Buffer.from(digest, "hex"))) {
      throw new ProblemError("digest-mismatch", "The content-digest is not the one in the path.");
    }
    if (Number(request.headers["content-length"] ?? 0) > limits.checkpointBytesMax) throw blobTooLarge();
    await blobs.put(digest, request.body as Readable, (bytes) => noteBlob(service, { digest, bytes }));
    return { ok: true as const };
  });

  app.head(routes.blob(":digest"), { schema }, async (request, reply) => {
    const { digest } = request.params;
    const bytes = await blobs.size(digest);
    if (bytes === null) throw missing(digest);
    // The agent will not upload what is here already, so it has to stay until it is referred to.
    noteBlob(service, { digest, bytes });
    return await describeBlob(reply, bytes).send();
  });

  app.get(routes.blob(":digest"), { schema, exposeHeadRoute: false }, async (request, reply) => {
    const { digest } = request.params;
    const blob = await blobs.open(digest);
    if (blob === null) throw missing(digest);
    return await describeBlob(reply, blob.bytes).send(blob.stream);
  });
}

function noteBlob(service: BrokerService, blob: { digest: string; bytes: number }): void {
  // The service reports its own failures; nothing of this goes to the store.
  service.handle({ type: "blob-seen", ...blob }).catch(() => undefined);
}

function describeBlob(reply: FastifyReply, bytes: number): FastifyReply {
  return reply.header("content-length", bytes).type("application/octet-stream");
}

function missing(digest: string): ProblemError {
  return new ProblemError("not-found", `There is no blob ${digest}.`);
}
