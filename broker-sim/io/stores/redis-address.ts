import type { RedisOptions } from "ioredis";

import { UsageError } from "../../../foundation/errors.ts";

/** Where a Redis or Valkey server is, and which part of it is this broker's. */
export interface RedisAddress {
  readonly connection: Pick<RedisOptions, "host" | "port" | "path" | "db" | "username" | "password" | "tls">;
  /** Begins the name of every key and channel, so that several brokers can share a server. */
  readonly namespace: string;
  /** The address without user and password, for messages, logs and histories. */
  readonly shown: string;
}

const schemes = ["redis:", "rediss:", "redis+unix:"];
const defaultPort = 6379;
const defaultNamespace = "houseguest";

/**
 * Reads `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?namespace=NAME]`, the same with `rediss:` for TLS, or
 * `redis+unix://[[USER:PASSWORD@]localhost]/PATH[?database=NUMBER&namespace=NAME]` for a Unix socket.
 *
 * @throws UsageError `usage`, whose message never holds what was given: that may be a password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = URL.parse(text);
  if (url === null || !schemes.includes(url.protocol))
    throw wrong("it is no redis://, rediss:// or redis+unix:// address");
  const namespace = url.searchParams.get("namespace") ?? defaultNamespace;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(namespace)) {
    throw wrong("a namespace has 1 to 64 letters, digits, - and _, and begins with a letter or digit");
  }
  const isSocket = url.protocol === "redis+unix:";
  const database = (isSocket ? url.searchParams.get("database") : url.pathname.slice(1)) || "0";
  if (!/^\d{1,5}$/.test(database)) throw wrong("the database is a number");
  for (const name of url.searchParams.keys()) {
    if (name === "namespace" || (isSocket && name === "database")) continue;
    throw wrong("namespace is all that can be said behind the question mark, and database of a Unix socket");
  }
  const where = isSocket ? socketOf(url) : hostOf(url);
  const account = {
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
  const place = isSocket ? `redis+unix://${url.pathname}?database=${database}` : `${where.shown}/${database}`;
  return {
    connection: { ...where.connection, ...account, db: Number(database) },
    namespace,
    shown: `${place}${isSocket ? "&" : "?"}namespace=${namespace}`,
  };
}

interface Place {
  readonly connection: RedisAddress["connection"];
  readonly shown: string;
}

function hostOf({ protocol, hostname, port }: URL): Place {
  if (hostname === "") throw wrong("it names no host");
  const host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, "$1");
  const number = port === "" ? defaultPort : Number(port);
  const tls = protocol === "rediss:" ? { tls: { servername: host } } : {};
  return { connection: { host, port: number, ...tls }, shown: `${protocol}//${hostname}:${number}` };
}

function socketOf({ hostname, pathname }: URL): Place {
  // Nobody can be named in an address without a host.
  if ((hostname !== "" && hostname !== "localhost") || pathname.length < 2)
    throw wrong("a Unix socket is written redis+unix:///PATH");
  return { connection: { path: decodeURIComponent(pathname) }, shown: "" };
}

function wrong(why: string): UsageError {
  return new UsageError(`The address of the Redis store cannot be used: ${why}.`, {
    code: "usage",
    next: "Write redis://HOST:PORT/DATABASE, or --store redis with the address in REDIS_URL.",
  });
}
