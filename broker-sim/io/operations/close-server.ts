import type { FastifyInstance } from "fastify";

/** How often a stopping server closes connections over which all was answered, in milliseconds. */
const closeIdleEveryMs = 20;

/**
 * Takes no more connections and answers what was asked before. A request that is not answered within `stopGraceMs` (a
 * client that stalls in the middle of its body, a fault that lets it hang) is cut off, so that a stop has a bound.
 *
 * Node closes the connections that are idle when a stop begins; those over which a request was under way would stay open
 * for a next one, and have the stop wait out its grace for nobody.
 */
export async function closeServer(app: FastifyInstance, { stopGraceMs }: { stopGraceMs: number }): Promise<void> {
  const { server } = app;
  const cut = setTimeout(() => server.closeAllConnections(), stopGraceMs);
  const closeIdle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
  try {
    await app.close();
  } finally {
    clearInterval(closeIdle);
    clearTimeout(cut);
  }
}
