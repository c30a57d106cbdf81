import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { FaultList, FaultView, PutFault } from "../../../protocol/faults.ts";
import { routes } from "../../../protocol/routes.ts";
import { requireOperator } from "../security/operator-token.ts";
import { ProblemError } from "../problems.ts";
import type { FaultBook } from "./fault-book.ts";
import { canMisbehave } from "./misbehave.ts";

interface FaultRoutesOptions {
  /** Undefined in a broker that was not started with --faults. */
  readonly faults: FaultBook | undefined;
  readonly operatorToken: string;
  readonly storeKind: string;
  readonly served: readonly string[];
}

/** How the operator puts, lists and removes ordered misbehaviour. */
export function registerFaultRoutes(plain: FastifyInstance, options: FaultRoutesOptions): void {
  const { faults, operatorToken, storeKind, served } = options;
  requireOperator(plain, operatorToken);
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const book = (): FaultBook => {
    if (faults !== undefined) return faults;
    throw new ProblemError("faults-off", "This broker was started without --faults, and misbehaves on nobody's order.");
  };
  app.addHook("onRequest", async () => void book());
  app.post(routes.faults, { schema: { body: PutFault, response: { 200: FaultView } } }, async ({ body }) => {
    if (body.fault.kind === "forget-writes" && storeKind === "memory") {
      throw new ProblemError("bad-request", "A store in memory forgets everything anyway; use another one.");
    }
    return book().put(body, { routes: served.filter(canMisbehave) });
  });
  app.get(routes.faults, { schema: { response: { 200: FaultList } } }, async () => ({ faults: book().list() }));
  const params = z.object({ ruleId: z.string().max(50) });
  app.delete(routes.fault(":ruleId"), { schema: { params, response: { 200: FaultView } } }, async (request) =>
    book().remove(request.params.ruleId),
  );
}
