import { expect, test } from "vitest";

import { isAllowedHost } from "./allowed-hosts.ts";

test.each([
  "localhost",
  "localhost:7878",
  "LOCALHOST:7878",
  "reports.localhost:1",
  "127.0.0.1:7878",
  "[::1]:7878",
  "[::1]",
  "192.168.1.7:80",
  "ci.example:7878",
])("answered: %s", (host) => {
  expect(isAllowedHost(host, ["ci.example"])).toBe(true);
});

test.each([
  "evil.example",
  "evil.example:7878",
  "localhost.evil.example:7878",
  "127.0.0.1.evil.example",
  "ci.example.evil.example",
  "user@127.0.0.1",
  "127.0.0.1:7878/x",
  "[::1",
  "",
  " localhost",
])("not answered: %s", (host) => {
  expect(isAllowedHost(host, ["ci.example"])).toBe(false);
});

test("no name at all is none of ours", () => {
  expect(isAllowedHost(undefined, [])).toBe(false);
});
