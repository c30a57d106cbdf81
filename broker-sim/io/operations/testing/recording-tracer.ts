import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

import {
  type Attributes,
  type Context,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  type TextMapPropagator,
  TraceFlags,
  type Tracer,
  context,
  propagation,
  trace,
} from "@opentelemetry/api";

/** A span that has ended, as an exporter would get it. */
export interface EndedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** The least that an SDK brings, behind the API: contexts that follow awaits, W3C `traceparent`, spans that are kept. */
export function recordTraces(): { readonly spans: EndedSpan[]; readonly stop: () => void } {
  const spans: EndedSpan[] = [];
  context.setGlobalContextManager(contexts());
  propagation.setGlobalPropagator(traceparent);
  trace.setGlobalTracerProvider({ getTracer: () => tracer(spans) });
  return {
    spans,
    stop() {
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}

function contexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

const traceparent: TextMapPropagator = {
  inject: () => undefined,
  fields: () => ["traceparent"],
  extract(outer, carrier, getter) {
    const [, traceId, spanId] =
      /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(String(getter.get(carrier, "traceparent"))) ?? [];
    if (traceId === undefined || spanId === undefined) return outer;
    return trace.setSpanContext(outer, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  },
};

function tracer(spans: EndedSpan[]): Tracer {
  const startSpan = (name: string, options: SpanOptions = {}, outer: Context = context.active()): Span => {
    const parent = trace.getSpanContext(outer);
    const own: SpanContext = {
      traceId: parent?.traceId ?? randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      traceFlags: TraceFlags.SAMPLED,
    };
    const attributes: Attributes = { ...options.attributes };
    let failed = false;
    const span: Span = {
      spanContext: () => own,
      setAttribute(key, value) {
        attributes[key] = value;
        return span;
      },
      setAttributes(more) {
        Object.assign(attributes, more);
        return span;
      },
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus({ code }) {
        failed = code === SpanStatusCode.ERROR;
        return span;
      },
      updateName: () => span,
      end: () => void spans.push({ name, ...own, parentSpanId: parent?.spanId, attributes, failed }),
      isRecording: () => true,
      recordException: () => undefined,
    };
    return span;
  };
  return {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]) {
      const work = rest.at(-1) as (span: Span) => unknown;
      const span = startSpan(name);
      return context.with(trace.setSpan(context.active(), span), () => work(span)) as never;
    },
  };
}
