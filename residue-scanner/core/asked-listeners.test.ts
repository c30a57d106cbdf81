import { describe, expect, it } from "vitest";

import { listedFixture, processFixture, socketFixture } from "../testing/snapshot-fixture.ts";
import { AskedListeners, type ListenerReading } from "./asked-listeners.ts";

const owner = { pid: 90, startTime: "7" };

/** Somebody listens there, on a host that has 192.0.2.1 and 2001:db8:0:1::5. */
function reading(local: string, key = `tcp ${local} listening`): ListenerReading {
  const facts = ["address 192.0.2.1", "address 2001:db8:0:1::5/64 on eth0", "net:[1] address 198.51.100.7", "route x"];
  return {
    sockets: [socketFixture({ key, protocol: "tcp", state: "listening", local, owners: [owner.pid] })],
    processes: [processFixture(owner)],
    listed: { network: facts.map((each) => listedFixture({ key: each })) },
  };
}

const reached = (address: string, readings: readonly ListenerReading[], port = "443") =>
  new AskedListeners(readings).reachedBy({ parameters: { port, address } });

describe("whom a connection reaches", () => {
  it.each([
    ["127.0.0.9", "127.0.0.9:443"],
    ["127.0.0.9", "0.0.0.0:443"],
    ["127.0.0.9", "[::]:443"],
    ["192.0.2.1", "*:443"],
    ["192.0.2.1", "[::ffff:192.0.2.1]:443"],
    ["::ffff:192.0.2.1", "192.0.2.1:443"],
    ["::1", "[::]:443"],
    ["::1", "[::1]:443"],
    ["2001:db8:0:1:0:0:0:5", "[::]:443"],
    ["2001:db8:0:1:0:0:0:5", "[2001:db8::1:0:0:0:5]:443"],
  ])("is who listens here: %s at %s", (address, local) => {
    expect(reached(address, [reading(local)])).toEqual([owner]);
  });

  it.each([
    ["140.82.1.1", "0.0.0.0:443"],
    ["198.51.100.7", "0.0.0.0:443"],
    ["2001:db8::9", "[::]:443"],
    ["::1", "0.0.0.0:443"],
    ["127.0.0.8", "127.0.0.9:443"],
    ["127.0.0.9", "127.0.0.9:444"],
  ])("is nobody here: %s where somebody listens at %s", (address, local) => {
    expect(reached(address, [reading(local)])).toEqual([]);
  });

  it("is nobody of another network namespace, from here or from there", () => {
    const elsewhere = reading("127.0.0.1:443", "net:[1] tcp 127.0.0.1:443 listening");
    expect(reached("127.0.0.1", [elsewhere])).toEqual([]);
    const parameters = { port: "443", address: "127.0.0.1" };
    expect(new AskedListeners([reading("127.0.0.1:443")]).reachedBy({ parameters, apart: ["net"] })).toEqual([]);
  });

  it("is nobody whose process was not read with it", () => {
    expect(reached("127.0.0.1", [{ ...reading("127.0.0.1:443"), processes: [] }])).toEqual([]);
  });
});
