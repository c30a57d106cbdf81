import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";

import { LiveBroker } from "../../testing/live-broker.ts";
import { routeDescriptions } from "./route-descriptions.ts";

type Json = Record<string, unknown>;
interface Operation {
  readonly summary?: string;
  readonly tags?: string[];
  readonly security?: unknown[];
  readonly parameters?: { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: Json }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: Json }> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

async function documentOf(live: LiveBroker): Promise<Document> {
  const { status, body } = await live.call("GET", "/documentation");
  expect(status).toBe(200);
  return body as Document;
}

/** As fastify names them: `POST /api/v1/jobs/:jobId/cancel`. */
function operationsOf({ paths }: Document): [string, Operation][] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
      operation,
    ]),
  );
}

test("the document is OpenAPI 3.1 as the OpenAPI Initiative's own schema has it", async () => {
  const live = await LiveBroker.start();
  const document = await documentOf(live);
  expect(document.openapi).toBe("3.1.0");
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, "testing/openapi-3.1.json"), "utf8")) as Json;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile(schema);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  // The schema does not look into schemas: each has to be one of JSON Schema 2020-12 by itself.
  const schemas = JSON.stringify(document.paths).split('"$ref":"#/components').length - 1;
  expect(schemas).toBeGreaterThan(20);
  for (const [name, { requestBody, responses }] of operationsOf(document)) {
    const contents = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content ?? {})];
    for (const { schema: one } of contents.flatMap((content) => Object.values(content))) {
      if (one === undefined || "$ref" in one) continue;
      expect(ajv.validateSchema({ $schema: "https://json-schema.org/draft/2020-12/schema", ...one }), name).toBe(true);
    }
  }
  // What the check says no to: the same document without its title.
  expect(validate({ ...document, info: { version: "1" } })).toBe(false);
});

test("every route that the server has is in the document, with its purpose, its access and its refusals", async () => {
  const live = await LiveBroker.start();
  const operations = operationsOf(await documentOf(live));
  const named = operations.map(([name]) => name).sort();
  expect(named).toEqual([...live.broker.routes].sort());
  expect(named).toEqual(Object.keys(routeDescriptions).sort());
  for (const [name, { summary, tags, security, responses }] of operations) {
    expect([name, summary !== undefined, tags?.length, security !== undefined]).toEqual([name, true, 1, true]);
    expect(responses["default"]?.content?.["application/json"]?.schema, name).toEqual({
      $ref: "#/components/schemas/Problem",
    });
  }
});

test("bodies, parameters and answers are those that requests are held against", async () => {
  const live = await LiveBroker.start();
  const operations = new Map(operationsOf(await documentOf(live)));
  const submit = operations.get("POST /api/v1/jobs");
  expect(submit?.requestBody?.content["application/json"]?.schema).toMatchObject({
    properties: { jobs: { type: "array", minItems: 1, maxItems: 10_000 } },
    required: ["jobs"],
  });
  const accept = operations.get("POST /api/v1/leases/:leaseId/accept");
  expect(accept?.parameters).toMatchObject([{ name: "leaseId", in: "path" }]);
  expect(accept?.responses["200"]?.content?.["application/json"]?.schema).toMatchObject({ required: ["expiresAt"] });
});
