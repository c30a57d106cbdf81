import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { Digest } from "../../../protocol/identifiers.ts";
import { routes } from "../../../protocol/routes.ts";
import type { BlobStore } from "./blob-store.ts";
import { ProblemError } from "../problems.ts";
import { type SignedScope, requireSignature } from "../security/signed-requests.ts";

const BlobParams = z.object({ digest: Digest });

/** Checkpoints on their way to the next holder, as streams: their bytes are never held in memory as a whole. */
export function registerBlobRoutes(
  plain: FastifyInstance,
  { blobs, ...signed }: { blobs: BlobStore } & SignedScope,
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  requireSignature(app, { ...signed, keyOf: "agent" });
  app.get(
    routes.blob(":digest"),
    { schema: { params: BlobParams }, exposeHeadRoute: false },
    async (request, reply) => {
      const { digest } = request.params;
      const blob = await blobs.open(digest);
      if (blob === null) throw new ProblemError("not-found", `There is no blob ${digest}.`);
      return await reply.header("content-length", blob.bytes).type("application/octet-stream").send(blob.stream);
    },
  );
}
