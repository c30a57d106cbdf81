import { describe, expect, it } from "vitest";

import type { Attribution } from "./process-attribution.ts";
import { compare, excusedBy, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";
import { orderCall } from "./recording.ts";

const settings = (...locations: string[]) => locations.map((location) => listedFixture({ key: location, location }));
const there = settings("/sys/class/gpio/gpiochip0/power/control");
const pin = ["/sys/class/gpio/gpio17/active_low", "/sys/class/gpio/gpio17/power/control"];
const came = { listed: { sysctls: [...there, ...settings(...pin)] } };
const before = { listed: { sysctls: there } };
const order = (by: number) => act(by, orderCall, { returned: null });
const to = (target: Attribution["to"]) => [[pin[0], target]];

describe("a device of which nothing tells but its settings", () => {
  it("is whose order brought it or took it away, and is told once", () => {
    expect(whose(compare(before, came, { acts: [order(job)] }))).toEqual(to("job"));
    expect(whose(compare(came, before, { acts: [order(job)] }))).toEqual(to("job"));
    expect(whose(compare(before, came, { acts: [order(job), order(foreign)] }))).toEqual(to("shared"));
  });

  it("is excused where somebody else gave the order, or nobody did", () => {
    const others = compare(before, came, { acts: [order(foreign)] });
    expect([others.verdict, excusedBy(others)]).toEqual(["clean", ["foreign-process"]]);
    const itself = compare(before, came, {});
    expect([itself.verdict, excusedBy(itself)]).toEqual(["clean", ["device-by-itself"]]);
  });

  it("makes its surface partial where orders cannot be seen", () => {
    const report = compare(before, came, { seesOrders: false });
    expect([report.verdict, excusedBy(report)]).toEqual(["partial", ["device-unseen"]]);
  });
});

it("what is set of a disk is told with it, whether that is found or somebody else's", () => {
  const disk = listedFixture({ key: "loop9", location: "/dev/loop9" });
  const withDisk = {
    listed: { storage: [disk], sysctls: [...there, ...settings("/sys/devices/virtual/block/loop9/ro_x")] },
  };
  const added = (by: number) => act(by, "ioctl", { parameters: { command: "LOOP_CTL_ADD" }, returned: 9 });
  const report = compare(before, withDisk, { acts: [added(job), order(job)] });
  expect(whose(report)).toEqual([["/dev/loop9", "job"]]);
  expect(excusedBy(report)).toEqual(["told-with-device"]);
  expect(compare(before, withDisk, { acts: [added(foreign)] }).verdict).toBe("clean");
});
