import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { defaultTiming } from "../../protocol/timing.ts";
import { brokerClient } from "./broker-client.ts";
import { outcomeOf } from "./broker-error.ts";

/**
 * A real server on loopback, not msw: an answer that stays half-way, or breaks off there, is a matter of bytes on a
 * connection, and msw has none.
 */
async function calling(
  answer: (response: ServerResponse, nth: number) => void,
  { requestTimeoutMs = defaultTiming.requestTimeoutMs } = {},
) {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    requests += 1;
    answer(response, requests);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = brokerClient({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    signer: { headersFor: () => ({ signature: "signed" }) },
    timing: () => ({ ...defaultTiming, requestTimeoutMs }),
  });
  return { outcome: await outcomeOf(client.resumed("x")), requests: () => requests };
}

const json = { "content-type": "application/json", "content-length": "11" };
/** Long enough for the request to come there. */
const given = { requestTimeoutMs: 2_000 };
const unreachable = { ok: false, code: "unreachable", retriable: true };

test("an answer that begins and never ends is given up after the time of that call", async () => {
  const { outcome, requests } = await calling((response) => {
    response.writeHead(200, json).write('{"ok":');
  }, given);
  expect(outcome).toMatchObject(unreachable);
  expect(requests()).toBe(1);
});

test("an answer whose head never ends, too", async () => {
  const { outcome } = await calling((response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\ncontent-type: applic");
  }, given);
  expect(outcome).toMatchObject(unreachable);
});

test("an answer that breaks off in the middle is asked for once more, and no answer if it does so again", async () => {
  const breaksOff = (response: ServerResponse): void => {
    response.writeHead(200, json).write('{"ok":', () => response.socket?.resetAndDestroy());
  };
  const twice = await calling(breaksOff);
  expect(twice.outcome).toMatchObject(unreachable);
  expect(twice.requests()).toBe(2);
  const once = await calling((response, nth) => {
    if (nth === 1) breaksOff(response);
    else response.writeHead(200, json).end('{"ok":true}');
  });
  expect(once.outcome).toEqual({ ok: true, value: { ok: true } });
});

test("a connection that is closed without a word is tried once more on a new one", async () => {
  const { outcome, requests } = await calling((response, nth) => {
    if (nth === 1) response.socket?.destroy();
    else response.writeHead(200, json).end('{"ok":true}');
  });
  expect(outcome).toEqual({ ok: true, value: { ok: true } });
  expect(requests()).toBe(2);
});

test("what is no HTTP at all is no answer", async () => {
  const { outcome } = await calling((response) => {
    response.socket?.end("220 mail.example ESMTP\r\n");
  });
  expect(outcome).toMatchObject(unreachable);
});
