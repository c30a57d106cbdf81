import { describe, expect, it } from "vitest";

import type { ListedDifference } from "./difference.ts";
import { LoopAttachments } from "./loop-attachments.ts";
import type { Act } from "./recording.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";

const [job, neighbour, third] = [1, 2, 3];
const ioctl = (by: number, command = "LOOP_CONFIGURE"): Act => ({
  ...{ by, call: "ioctl", parameters: { command }, returned: 0, atMs: 0 },
});

function changed(
  key: string,
  names: readonly string[],
  backing: { before?: string; after?: string },
): ListedDifference {
  const device = (path?: string) =>
    listedFixture({ key, location: `/dev/${key}`, attributes: path === undefined ? {} : { backing: path } });
  const [before, after] = [device(backing.before), device(backing.after)];
  return { surface: "storage", change: "changed", key, changed: names, before, after };
}

/** Devices into which a file came. */
const attached = (...keys: string[]) => keys.map((key) => changed(key, ["backing"], { after: `/i/${key}` }));

function excluded(
  differences: readonly ListedDifference[],
  of: { acts: readonly Act[]; openers: Readonly<Record<string, readonly number[]>>; isComplete?: boolean },
): string[] {
  const { acts, openers, isComplete = true } = of;
  const openersOf = ({ key }: ListedDifference) => new Set(openers[key] ?? []);
  const loops = new LoopAttachments({ acts, differences, isComplete, openersOf });
  return differences.flatMap((each) =>
    acts.filter((act) => loops.excludes(each, act)).map(({ by }) => `${by} not ${each.key}`),
  );
}

describe("which loop device a call was about", () => {
  it("is not the one whose node somebody opened in vain, when the call is needed for another", () => {
    const acts = [ioctl(job), ioctl(neighbour)];
    const openers = { loop0: [job, neighbour], loop1: [job] };
    expect(excluded(attached("loop0", "loop1"), { acts, openers })).toEqual(["1 not loop0"]);
    const chain = { loop0: [job, neighbour], loop1: [job, third], loop2: [third] };
    const three = { devices: attached("loop0", "loop1", "loop2"), acts: [...acts, ioctl(third)] };
    expect(excluded(three.devices, { acts: three.acts, openers: chain })).toEqual(["1 not loop0", "3 not loop1"]);
  });

  it("is one all the same, into which somebody else put a file, for what is no part of attaching", () => {
    const openers = { loop0: [job, neighbour], loop1: [job] };
    const acts = [ioctl(job), ioctl(neighbour), ioctl(job, "BLKROSET"), ioctl(job, "LOOP_SET_DIRECT_IO")];
    const [attaching, , , setting] = acts;
    const options = { acts, differences: attached("loop0", "loop1"), isComplete: true };
    const loops = new LoopAttachments({ ...options, openersOf: ({ key }) => new Set(openers[key as "loop0"]) });
    const [device] = options.differences;
    expect(acts.filter((act) => loops.excludes(device as ListedDifference, act))).toEqual([attaching, setting]);
  });

  it("stays open where a call is left over, or where one was made through a node that nobody saw", () => {
    const openers = { loop0: [job, neighbour], loop1: [job] };
    const devices = attached("loop0", "loop1");
    const both = [ioctl(job), ioctl(neighbour)];
    expect(excluded(devices, { acts: [...both, ioctl(job)], openers })).toEqual([]);
    expect(excluded(devices, { acts: [...both, ioctl(third)], openers })).toEqual([]);
    expect(excluded(devices, { acts: both, openers, isComplete: false })).toEqual([]);
    expect(excluded(devices, { acts: both, openers: { loop0: [job, neighbour], loop1: [job, neighbour] } })).toEqual(
      [],
    );
  });

  it("is none that was attached before and stayed so, but of those that set what differs", () => {
    const [before, after] = ["/i", "/i"];
    const readOnly = [changed("loop0", ["readOnly"], { before, after })];
    const acts = [ioctl(job), ioctl(neighbour, "BLKROSET"), ioctl(third, "LOOP_SET_DIRECT_IO")];
    expect(excluded(readOnly, { acts, openers: {} })).toEqual(["1 not loop0", "3 not loop0"]);
    // It may have been attached again.
    expect(excluded(readOnly, { acts: [ioctl(job), ioctl(third, "LOOP_CLR_FD")], openers: {} })).toEqual([]);
  });
});
