import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { CreateJoinToken, CreatedJoinToken, JoinTokenList } from "../../../protocol/join-tokens.ts";
import { Acknowledged } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import type { JoinTokens } from "./join-tokens.ts";
import { requireOperator } from "./operator-token.ts";

/** How the operator makes, lists and revokes tokens that let one agent in each. */
export function registerJoinTokenRoutes(
  plain: FastifyInstance,
  { joinTokens, operatorToken }: { joinTokens: JoinTokens; operatorToken: string },
): void {
  requireOperator(plain, operatorToken);
  const app = plain.withTypeProvider<ZodTypeProvider>();
  app.post(
    routes.joinTokens,
    { schema: { body: CreateJoinToken, response: { 200: CreatedJoinToken } } },
    async ({ body }) => await joinTokens.create(body),
  );
  app.get(routes.joinTokens, { schema: { response: { 200: JoinTokenList } } }, async () => ({
    joinTokens: await joinTokens.list(),
  }));
  app.delete(
    routes.joinToken(":tokenId"),
    { schema: { params: z.object({ tokenId: z.string().max(64) }), response: { 200: Acknowledged } } },
    async ({ params }) => {
      await joinTokens.revoke(params.tokenId);
      return { ok: true as const };
    },
  );
}
