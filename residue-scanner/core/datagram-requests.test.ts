import { describe, expect, it } from "vitest";

import { DatagramRequests } from "./datagram-requests.ts";

const sender = 700;
const [microsecond, millisecond] = [1e3, 1e6];

/** What arrives for whom, and wakes them, while a thread sends. */
function delivered(...woken: readonly number[]): { readonly requests: DatagramRequests; readonly atNs: number } {
  const requests = new DatagramRequests();
  let atNs = 0;
  for (const thread of woken) {
    requests.arrived(sender, (atNs += 4 * microsecond));
    requests.woke(sender, thread, (atNs += microsecond));
  }
  return { requests, atNs };
}
const threadsOf = (woken: readonly { readonly thread: number }[]) => woken.map(({ thread }) => thread);

describe("whom a datagram wakes", () => {
  it("is whoever waits for it, each when it arrives there", () => {
    const { requests, atNs } = delivered(812);
    expect(requests.sent(sender, atNs + microsecond)).toEqual([{ thread: 812, atNs: 5 * microsecond }]);
  });

  it("is all that wait at a group's address, to each of whom it is brought", () => {
    const { requests, atNs } = delivered(812, 813, 814);
    expect(threadsOf(requests.sent(sender, atNs + microsecond))).toEqual([812, 813, 814]);
    expect(requests.sent(sender, atNs + 2 * microsecond)).toEqual([]);
  });

  it("is each once, and no more than are kept of a group of thousands", () => {
    const { requests, atNs } = delivered(812, 812, 813);
    expect(threadsOf(requests.sent(sender, atNs + microsecond))).toEqual([812, 813]);
    const many = Array.from({ length: 100 }, (_, index) => 1_000 + index);
    const crowd = delivered(...many);
    expect(threadsOf(crowd.requests.sent(sender, crowd.atNs))).toEqual(many.slice(0, 64));
  });

  it("is told of the thread that sent it alone", () => {
    const { requests, atNs } = delivered(812);
    expect(requests.sent(701, atNs + microsecond)).toEqual([]);
    expect(threadsOf(requests.sent(sender, atNs + microsecond))).toEqual([812]);
  });
});

describe("whom another host's datagram wakes", () => {
  it("is nobody whom this thread asked, who sends one long after", () => {
    const { requests, atNs } = delivered(812);
    expect(requests.sent(sender, atNs + 2 * millisecond)).toEqual([]);
  });

  it("is not taken for whom the thread's own wakes that it sends then", () => {
    const { requests, atNs } = delivered(812);
    const laterNs = atNs + 2 * millisecond;
    requests.arrived(sender, laterNs);
    requests.woke(sender, 813, laterNs + microsecond);
    expect(threadsOf(requests.sent(sender, laterNs + 2 * microsecond))).toEqual([813]);
  });

  it("is not remembered for longer than it can count", () => {
    const { requests, atNs } = delivered(812);
    requests.arrived(sender + 1, atNs);
    requests.forget(atNs + 1);
    expect(requests.size).toBe(0);
  });
});

describe("what wakes somebody", () => {
  it("is the datagram that has just arrived, and no other, and none that went to the same thread", () => {
    const requests = new DatagramRequests();
    requests.woke(sender, 812, 0);
    requests.arrived(sender, 0);
    requests.woke(sender, 813, 20 * microsecond);
    requests.arrived(sender, 30 * microsecond);
    requests.woke(sender, sender, 31 * microsecond);
    expect(requests.sent(sender, 32 * microsecond)).toEqual([]);
  });
});
