import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import type { BrokerEvent } from "../../protocol/messages.ts";
import { eventStream } from "./event-stream.ts";

/**
 * A real server on loopback, not msw: what counts here is which bytes have come by when a stream breaks, falls silent or
 * goes on, and a stand-in for `fetch` has no connection that could be cut between two of them.
 */

/** A server of events, and the requests that reached it. */
async function fixture(answer: (response: ServerResponse, request: IncomingMessage, nth: number) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response, request, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let signed = 0;
  let notify = (): void => undefined;
  const events: BrokerEvent[] = [];
  const stream = eventStream({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    signer: {
      headersFor: () => {
        signed += 1;
        return { signature: `signature-${signed}` };
      },
    },
    heartbeatMs: () => heartbeatMs,
    onEvent: (event) => {
      events.push(event);
      notify();
    },
    random: () => 0,
  });
  onTestFinished(() => {
    stream.close();
    server.closeAllConnections();
    server.close();
  });
  stream.open();
  const received = async (count: number): Promise<void> => {
    while (events.length < count) await new Promise<void>((resolve) => (notify = resolve));
  };
  return { requests, events, received, stream };
}

let heartbeatMs = 60_000;
const head = { "content-type": "text/event-stream" };
const event = (id: string, name: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

test("reconnects with a fresh signature, and names the last event that it saw (case 70)", async () => {
  const { requests, events, received } = await fixture((response, _request, nth) => {
    response.writeHead(200, head);
    response.write(event(`boot-${nth}`, "work_available", { queued: nth }));
    if (nth === 1) response.end();
  });
  await received(2);
  expect(events.map(({ data }) => data)).toEqual([{ queued: 1 }, { queued: 2 }]);
  expect(requests.map(({ headers }) => headers["signature"])).toEqual(["signature-1", "signature-2"]);
  expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "boot-1"]);
});

test("a hint without an id does not make it forget the last event that it saw", async () => {
  const { requests, received } = await fixture((response, _request, nth) => {
    response.writeHead(200, head);
    if (nth === 1) response.end(event("boot-1", "pause", { reason: "test" }));
    else if (nth === 2) response.end('event: work_available\ndata: {"queued":1}\n\n');
    else response.write(event("boot-2", "resume", { reason: "test" }));
  });
  await received(3);
  expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "boot-1", "boot-1"]);
});

test("a pause that a later resume has overtaken is void, and a reconnect goes on after the later one (case 23)", async () => {
  const { requests, events, received } = await fixture((response, _request, nth) => {
    response.writeHead(200, head);
    const swapped = [event("boot-2", "resume", { reason: "later" }), event("boot-1", "pause", { reason: "earlier" })];
    if (nth === 1) response.end(swapped.join(""));
    else response.write(event("boot-3", "work_available", { queued: 1 }));
  });
  await received(2);
  expect(events.map((one) => one.event)).toEqual(["resume", "work_available"]);
  expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "boot-2"]);
});

test("a refusal is not the end of it", async () => {
  const { requests, received } = await fixture((response, _request, nth) => {
    if (nth < 3) response.writeHead(401).end();
    else response.writeHead(200, head).write(event("1", "goodbye", { reason: "night" }));
  });
  await received(1);
  expect(requests).toHaveLength(3);
});

test("a stream that has fallen silent is given up, whatever TCP says (case 71)", async () => {
  heartbeatMs = 40;
  onTestFinished(() => {
    heartbeatMs = 60_000;
  });
  const { requests, received } = await fixture((response, _request, nth) => {
    response.writeHead(200, head);
    response.flushHeaders();
    if (nth > 1) response.write(event("1", "pause", { reason: "test" }));
  });
  await received(1);
  // A third is what a busy machine makes of the same silence.
  expect(requests.length).toBeGreaterThanOrEqual(2);
});

test("comments keep a stream alive", async () => {
  heartbeatMs = 1_000;
  onTestFinished(() => {
    heartbeatMs = 60_000;
  });
  const { requests, received } = await fixture((response) => {
    response.writeHead(200, head);
    let comments = 0;
    const timer = setInterval(() => {
      comments += 1;
      if (comments < 10) response.write(": still here\n\n");
      else response.write(event("1", "resume", { reason: "test" }));
    }, 300);
    response.once("close", () => clearInterval(timer));
  });
  await received(1);
  expect(requests.length).toBe(1);
});

test("what the protocol does not know is not passed on", async () => {
  const { events, received } = await fixture((response) => {
    response.writeHead(200, head);
    response.write(event("1", "pause", { reason: 7 }));
    response.write(event("2", "work_available", { queued: 1 }));
  });
  await received(1);
  expect(events).toEqual([{ event: "work_available", data: { queued: 1 } }]);
});

test("an event that is cut off in the middle is none, and is not taken for seen", async () => {
  const whole = event("boot-2", "pause", { reason: "night" });
  for (const cutAt of [3, whole.indexOf("data:") + 9, whole.length - 2]) {
    const { requests, events, received, stream } = await fixture((response, _request, nth) => {
      response.writeHead(200, head);
      if (nth > 1) response.write(whole);
      else {
        response.write(event("boot-1", "work_available", { queued: 1 }) + whole.slice(0, cutAt), () => {
          response.socket?.resetAndDestroy();
        });
      }
    });
    await received(2);
    expect(events).toEqual([
      { event: "work_available", data: { queued: 1 } },
      { event: "pause", data: { reason: "night" } },
    ]);
    expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "boot-1"]);
    stream.close();
  }
});

test("an event that comes in pieces, or with others in one, is the event that it is", async () => {
  const text = event("1", "pause", { reason: "né" }) + event("2", "resume", { reason: "jour" });
  const bytes = Buffer.from(text);
  const { events, received } = await fixture((response) => {
    response.writeHead(200, head);
    const write = (from: number): void => {
      if (from < bytes.length) response.write(bytes.subarray(from, from + 1), () => setImmediate(write, from + 1));
    };
    write(0);
  });
  await received(2);
  expect(events.map(({ data }) => data)).toEqual([{ reason: "né" }, { reason: "jour" }]);
});

test("what is no JSON is not passed on, and the stream goes on", async () => {
  const { requests, events, received } = await fixture((response) => {
    response.writeHead(200, head);
    response.write('id: 1\nevent: pause\ndata: {"reason":\n\n');
    response.write(event("2", "resume", { reason: "day" }));
  });
  await received(1);
  expect(events).toEqual([{ event: "resume", data: { reason: "day" } }]);
  expect(requests).toHaveLength(1);
});

test("an id that comes twice is passed on twice: the core bears repeats, and a reconnect names the id", async () => {
  const { requests, events, received } = await fixture((response, _request, nth) => {
    response.writeHead(200, head);
    const once = event("boot-1", "pause", { reason: "test" });
    if (nth === 1) response.end(once + once);
    else response.write(event("boot-2", "resume", { reason: "test" }));
  });
  await received(3);
  expect(events.map((one) => one.event)).toEqual(["pause", "pause", "resume"]);
  expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "boot-1"]);
});

test("what fails with a 500, or is no event stream, is tried again", async () => {
  const { requests, received } = await fixture((response, _request, nth) => {
    if (nth === 1) response.writeHead(500, { "content-type": "application/json" }).end("{");
    else if (nth === 2) response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    else response.writeHead(200, head).write(event("1", "goodbye", { reason: "night" }));
  });
  await received(1);
  expect(requests).toHaveLength(3);
});
