import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import * as z from "zod";

import { Problem } from "../../../protocol/messages.ts";
import { instanceHeader, routes } from "../../../protocol/routes.ts";
import { chunkType } from "../../../protocol/uploads.ts";
import { type Access, routeDescriptions } from "./route-descriptions.ts";

type Json = Record<string, unknown>;

interface Operation extends Json {
  responses?: Record<string, unknown>;
}

interface Document extends Json {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Json>;
}

const security: Record<Access, readonly Record<string, readonly string[]>[]> = {
  signed: [{ signature: [] }],
  operator: [{ operatorToken: [] }],
  // What proves a hub stands in the body.
  sealed: [],
  open: [],
};

const securitySchemes = {
  operatorToken: {
    type: "http" as const,
    scheme: "bearer",
    description: "What `broker-sim serve` prints as the operator token.",
  },
  signature: {
    type: "apiKey" as const,
    in: "header",
    name: "signature",
    description: `RFC 9421 with Ed25519, together with signature-input, content-digest and ${instanceHeader}.`,
  },
};

/**
 * Serves an OpenAPI 3.1 document of every route that is registered after this, made from the same zod schemas that the
 * requests are held against.
 */
export async function registerDocumentation(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    exposeHeadRoutes: true,
    convertConstToEnum: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Houseguest broker",
        version: "1",
        description: "Leases with epochs for agents that live on somebody else's machine.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: { securitySchemes },
    },
    transform: jsonSchemaTransform,
  });
  let document: Document | undefined;
  app.get(routes.documentation, { schema: { response: { 200: z.looseObject({ openapi: z.string() }) } } }, async () => {
    document ??= finish(app.swagger() as unknown as Document);
    return document;
  });
}

/** Adds what no schema says: what a route is for, who may call it, and what a refusal looks like. */
function finish(document: Document): Document {
  document.components["schemas"] = { ...document.components["schemas"], Problem: problemSchema() };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const description = routeDescriptions[`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`];
      if (description === undefined) continue;
      const { summary, tag, access } = description;
      Object.assign(operation, { summary, tags: [tag], security: security[access] });
      if (method === "patch") operation["requestBody"] = { required: true, content: { [chunkType]: {} } };
      operation.responses = { ...operation.responses, default: refusal };
    }
  }
  return document;
}

const refusal = {
  description: "Refused; nothing was changed",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

function problemSchema(): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(Problem, { target: "draft-2020-12" });
  return schema;
}
