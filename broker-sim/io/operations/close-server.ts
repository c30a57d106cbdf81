import type { FastifyInstance } from "fastify";

/**
 * Takes no more connections and answers what was asked before. A request that is not answered within `stopGraceMs` (a
 * client that stalls in the middle of its body, a fault that lets it hang) is cut off, so that a stop has a bound.
 */
export async function closeServer(app: FastifyInstance, { stopGraceMs }: { stopGraceMs: number }): Promise<void> {
  const { server } = app;
  const cut = setTimeout(() => server.closeAllConnections(), stopGraceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
