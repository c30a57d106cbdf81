import { Readable } from "node:stream";

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { HouseguestError } from "../../foundation/errors.ts";
import { jsonReport } from "../json.ts";
import { pageParts } from "../html/page-document.ts";
import { runPageParts } from "../html/run-page.ts";
import { readRun, type StoredRun } from "../runs/read-run.ts";
import { isAllowedHost } from "./allowed-hosts.ts";
import { Changes, followHistory } from "./follow-history.ts";
import { StoredRuns } from "./stored-runs.ts";

/** So many followers at once: each holds a file and a watch. */
const followersMax = 64;

export interface ReportServerOptions {
  /** The folder that holds the runs. */
  readonly root: string;
  /** Names in a Host header that are answered, besides this machine's own and addresses as numbers. */
  readonly allowedHosts: readonly string[];
  readonly nowMs: () => number;
}

/** What `reports serve` answers. It reads, and changes nothing. */
export function reportServer({ root, allowedHosts, nowMs }: ReportServerOptions): FastifyInstance {
  const runs = new StoredRuns(root, nowMs);
  const closing = new AbortController();
  const server = fastify({ forceCloseConnections: true });
  let followers = 0;
  server.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    if (!isAllowedHost(request.headers.host, allowedHosts)) {
      await reply.code(403).send({ error: "This host's name is not one of this server's (--allow-host)." });
    }
  });
  server.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  server.setErrorHandler((error, _request, reply) => {
    const told = error instanceof HouseguestError ? `${error.message} ${error.next}` : "Something went wrong here.";
    return reply.code(error instanceof HouseguestError ? 404 : 500).send({ error: told });
  });
  /** @param lines gives what is told until the signal */
  const events = (reply: FastifyReply, lines: (signal: AbortSignal) => AsyncGenerator<string>) => {
    if (followers >= followersMax) {
      return reply.code(503).send({ error: `${followersMax} follow already: close one of those pages.` });
    }
    followers += 1;
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const stream = Readable.from(lines(AbortSignal.any([gone.signal, closing.signal])));
    stream.once("close", () => (followers -= 1));
    return reply.type("text/event-stream").send(stream);
  };
  const run = (request: FastifyRequest<{ Params: { run: string } }>) => runs.directory(request.params.run);
  const missing = (reply: FastifyReply) => reply.code(404).send({ error: "There is no such run." });

  server.get("/", (_request, reply) => {
    const data = { kind: "runs" as const, root, runs: runs.rows(), follow: "/api/events" };
    return html(reply, pageParts({ title: "Houseguest: runs", data, served: true }));
  });
  server.get("/api/runs", (_request, reply) => reply.send({ version: 1, runs: runs.rows() }));
  server.get("/api/events", (_request, reply) =>
    events(reply, (signal) => toldRuns(root, { signal, rows: () => runs.rows() })),
  );
  server.get<{ Params: { run: string } }>("/api/runs/:run", (request, reply) => {
    const directory = run(request);
    return directory === undefined ? missing(reply) : reply.send(jsonReport(readRun(directory)));
  });
  server.get<{ Params: { run: string } }>("/api/runs/:run/events", (request, reply) => {
    const directory = run(request);
    if (directory === undefined) return missing(reply);
    const { "last-event-id": last } = request.headers;
    const offset = typeof last === "string" && /^\d{1,15}$/.test(last) ? Number(last) : 0;
    return events(reply, (signal) => toldHistory(directory, { offset, signal }));
  });
  server.get<{ Params: { run: string } }>("/runs/:run", (request, reply) => {
    const directory = run(request);
    if (directory === undefined) return missing(reply);
    const follow = `/api/runs/${encodeURIComponent(request.params.run)}/events`;
    const stored = readRun(directory);
    return html(reply, runPageParts(unread(stored), { home: "/", ...(stored.recorded ? {} : { follow }) }));
  });
  return server;
}

const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** Of a run that goes on the page gets the history from its followed events. */
function unread(run: StoredRun): StoredRun {
  return run.recorded ? run : { ...run, history: run.history.slice(0, 1) };
}

function html(reply: FastifyReply, parts: Generator<string>): FastifyReply {
  // The first part is made at once, so that what is wrong is an answer and no broken page.
  const first = parts.next();
  const all = function* () {
    if (first.done !== true) yield first.value;
    yield* parts;
  };
  return reply.type("text/html; charset=utf-8").send(Readable.from(all()));
}

async function* toldHistory(
  directory: string,
  { offset, signal }: { readonly offset: number; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  yield "retry: 1000\n\n";
  for await (const { line, next } of followHistory(directory, { offset, signal })) {
    yield `event: record\nid: ${next}\ndata: ${line}\n\n`;
  }
  if (!signal.aborted) yield "event: ended\ndata: {}\n\n";
}

/** All runs, whenever one is new or has come further. */
async function* toldRuns(
  root: string,
  { signal, rows }: { readonly signal: AbortSignal; readonly rows: () => unknown },
): AsyncGenerator<string> {
  const changes = new Changes(root);
  signal.addEventListener("abort", () => changes.close(), { once: true });
  let before = "";
  try {
    yield "retry: 1000\n\n";
    while (!signal.aborted) {
      await changes.next();
      const told = JSON.stringify({ runs: rows() });
      if (told !== before && !signal.aborted) yield `event: runs\ndata: ${told}\n\n`;
      before = told;
    }
  } finally {
    changes.close();
  }
}
