import { Readable } from "node:stream";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { routeDescriptions } from "../operations/route-descriptions.ts";
import { routeOf } from "../operations/route-of.ts";
import { cutOff } from "./cut-off.ts";
import type { FaultBook, FaultOf, FaultRule, FaultSubject } from "./fault-book.ts";
import { shiftTimes } from "./shift-times.ts";

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const ofCalls = ["latency", "hang", "status", "reset"] as const;
type CallRule = FaultRule<FaultOf<(typeof ofCalls)[number]>>;

/** Whether a route may misbehave: not those by which somebody undoes it, or sees that it does. */
export function canMisbehave(route: string): boolean {
  const access = routeDescriptions[route]?.access;
  return access === "signed" || (access === "operator" && !route.includes("/faults"));
}

/** Lets the rules in force act on requests and answers. Registered before any other hook judges a request. */
export function misbehave(app: FastifyInstance, book: FaultBook): void {
  app.addHook("onRequest", async (request, reply) => {
    const subject = subjectOf(request);
    if (subject === null) return;
    for (const rule of rulesFor(book, subject, "request")) {
      if ((await act(book, rule, { request, reply })) === "answered") return reply;
    }
    // Node writes no Date of its own then.
    if (book.matching(["wrong-clock"]).length > 0) {
      reply.raw.setHeader("date", new Date(book.shownNowMs()).toUTCString());
    }
  });
  app.addHook("preSerialization", async (request, _reply, payload) => {
    if (subjectOf(request) === null) return payload;
    let shown: unknown = payload;
    for (const rule of book.matching(["wrong-clock"])) {
      rule.hit();
      shown = shiftTimes(shown, rule.fault.aheadMs);
    }
    return shown;
  });
  app.addHook("onSend", async (request, reply, payload) => {
    const subject = subjectOf(request);
    if (subject === null || reply.raw.destroyed) return payload;
    let answer: unknown = payload;
    for (const rule of rulesFor(book, subject, "answer")) {
      const { fault } = rule;
      if (fault.kind === "status") {
        rule.hit();
        reply.code(fault.status).removeHeader("content-length").type("application/json");
        answer = JSON.stringify(problemFor(fault));
      } else if ((await act(book, rule, { request, reply })) === "answered") {
        // Nobody reads it any more.
        return "";
      }
    }
    for (const rule of book.matching(["truncate"], subject)) answer = truncated(answer, rule, { request, reply });
    return answer;
  });
}

/** Those of one phase. */
function rulesFor(book: FaultBook, subject: FaultSubject, phase: "request" | "answer"): CallRule[] {
  return book.matching(ofCalls, subject).filter(({ fault }) => fault.phase === phase);
}

/** Null for what never misbehaves. */
function subjectOf(request: FastifyRequest): FaultSubject | null {
  const route = routeOf(request);
  if (!canMisbehave(route)) return null;
  const isOperators = routeDescriptions[route]?.access === "operator";
  return { route, agentId: claimedAgent(request), isOperators };
}

/** Who a request says that it is from; that it is, is proved later or never. */
function claimedAgent({ headers }: FastifyRequest): string | undefined {
  return /keyid="([0-9a-f]{64})"/.exec(String(headers["signature-input"] ?? ""))?.[1];
}

async function act(book: FaultBook, rule: CallRule, { request, reply }: Exchange): Promise<"goes on" | "answered"> {
  const { fault } = rule;
  if (fault.kind === "latency" || fault.kind === "hang") {
    // Held before it is counted: the last of the first so many ends the rule, and with it every wait.
    const held = book.hold(rule, fault.kind === "latency" ? fault.delayMs : null);
    rule.hit();
    await held;
    return "goes on";
  }
  rule.hit();
  if (fault.kind === "status") {
    await reply.code(fault.status).send(problemFor(fault));
    return "answered";
  }
  request.raw.socket.resetAndDestroy();
  if (fault.phase === "request") reply.hijack();
  return "answered";
}

function problemFor({ code }: { readonly code: string }): { code: string; message: string } {
  return { code, message: "The broker was told to answer so (--faults)." };
}

/** What is sent of a body instead of all of it, if it is longer. */
function truncated(payload: unknown, rule: FaultRule<FaultOf<"truncate">>, { request, reply }: Exchange): unknown {
  const { afterBytes } = rule.fault;
  const cut = (source: Readable) => cutOff(source, { afterBytes, socket: request.raw.socket, onCut: () => rule.hit() });
  if (payload instanceof Readable) return cut(payload);
  if (typeof payload !== "string" && !Buffer.isBuffer(payload)) return payload;
  const whole = Buffer.from(payload);
  if (whole.length <= afterBytes) return payload;
  reply.header("content-length", whole.length);
  return cut(Readable.from([whole], { objectMode: false }));
}
