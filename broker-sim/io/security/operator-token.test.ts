import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { routeDescriptions } from "../operations/route-descriptions.ts";
import { readOperatorToken, removeOperatorToken, writeOperatorToken } from "./operator-token-file.ts";

/** Every route that is the operator's, as a path that could be called. */
const operatorRoutes = Object.entries(routeDescriptions)
  .filter(([, { access }]) => access === "operator")
  .map(([route]) => route.split(" ") as [string, string])
  .map(([method, path]): [string, string] => [
    method,
    path.replaceAll(":agentId", "a".repeat(64)).replaceAll(/:\w+/g, "job-x-1"),
  ]);

test.each(operatorRoutes)("%s %s is refused without the operator token, and with a wrong one", async (method, path) => {
  const live = await LiveBroker.start();
  const authorizations = [
    undefined,
    "Bearer ",
    "Bearer wrong",
    `Basic ${live.broker.operatorToken}`,
    live.broker.joinToken,
  ];
  for (const authorization of authorizations) {
    const response = await fetch(live.url + path, {
      method,
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
    expect([authorization, response.status, ((await response.json()) as { code: string }).code]).toEqual([
      authorization,
      401,
      "bad-operator-token",
    ]);
  }
  const known = await fetch(live.url + path, { method, headers: live.operatorHeaders() });
  expect(known.status).not.toBe(401);
  // One of them is a stream, which does not end by itself.
  await known.body?.cancel();
});

test("the operator token outlives a restart, and another one can be given", async () => {
  const directory = temporaryDirectory();
  const first = await LiveBroker.start({ directory });
  await first.broker.close();
  const second = await LiveBroker.start({ directory });
  expect(second.broker.operatorToken).toBe(first.broker.operatorToken);
  expect(second.broker.operatorToken).not.toBe(second.broker.joinToken);
  expect((await second.call("GET", routes.jobs)).status).toBe(200);
});

test("what is left of it for commands is its own user's, and is sent to the address alone that it is for", async () => {
  const directory = temporaryDirectory();
  await writeOperatorToken(directory, { url: "http://127.0.0.1:7077", operatorToken: "secret" });
  expect(statSync(join(directory, "operator.json")).mode & 0o777).toBe(0o600);
  expect(readOperatorToken(directory, "http://127.0.0.1:7077/")).toBe("secret");
  expect(readOperatorToken(directory, "http://127.0.0.1:7078")).toBeUndefined();
  expect(readOperatorToken(directory, "http://example.org:7077")).toBeUndefined();
  expect(readOperatorToken(join(directory, "nowhere"), "http://127.0.0.1:7077")).toBeUndefined();
  removeOperatorToken(directory, "http://127.0.0.1:7078");
  expect(readOperatorToken(directory, "http://127.0.0.1:7077")).toBe("secret");
  removeOperatorToken(directory, "http://127.0.0.1:7077");
  expect(existsSync(join(directory, "operator.json"))).toBe(false);
});
