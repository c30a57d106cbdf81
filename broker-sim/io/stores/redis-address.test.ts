import { expect, test } from "vitest";

import { parseRedisAddress } from "./redis-address.ts";

test("an address names host, port, database and namespace", () => {
  expect(parseRedisAddress("redis://cache.example:7000/3?namespace=lab")).toEqual({
    connection: { host: "cache.example", port: 7000, db: 3 },
    namespace: "lab",
    shown: "redis://cache.example:7000/3?namespace=lab",
  });
  expect(parseRedisAddress("redis://[::1]")).toMatchObject({ connection: { host: "::1", port: 6379, db: 0 } });
  expect(parseRedisAddress("rediss://h").connection).toMatchObject({ tls: { servername: "h" } });
  expect(parseRedisAddress("redis+unix:///run/redis.sock?database=2")).toEqual({
    connection: { path: "/run/redis.sock", db: 2 },
    namespace: "houseguest",
    shown: "redis+unix:///run/redis.sock?database=2&namespace=houseguest",
  });
});

test("what is shown of it holds neither user nor password", () => {
  const { connection, shown } = parseRedisAddress("redis://me:s%40crt@localhost:1/0");
  expect(connection).toMatchObject({ username: "me", password: "s@crt" });
  expect(shown).toBe("redis://localhost:1/0?namespace=houseguest");
});

test.each([
  "nonsense",
  "http://me:s3cret@h",
  "redis://me:s3cret@h/first",
  "redis://me:s3cret@h/0?name=x",
  "redis://me:s3cret@h/0?namespace=a:b",
  "redis+unix://me:s3cret@h/x",
  "redis+unix:///",
])("%s is refused, and its password not repeated", (text) => {
  const usage = expect.objectContaining({ code: "usage", message: expect.not.stringContaining("s3cret") });
  expect(() => parseRedisAddress(text)).toThrowError(usage);
});
