import { describe, expect, it } from "vitest";

import { EventWindow } from "./event-window.ts";

const opened = (): EventWindow => new EventWindow({ bytes: 100, eventBytesMax: 20 });

describe("from when on an event can have happened", () => {
  it("is after the read that found no more, for what is read after it and not for what it read itself", () => {
    const window = opened();
    window.hasRead(80, 500);
    expect(window.sinceNs).toBe(0);
    window.takenIn();
    expect(window.sinceNs).toBe(500);
    window.hasRead(0, 600);
    expect(window.sinceNs).toBe(600);
  });

  it("is not known to be later after a read without room for one more event", () => {
    const window = opened();
    window.hasRead(81, 500);
    window.takenIn();
    expect(window.sinceNs).toBe(0);
  });

  it("is not before the doer of an earlier event began", () => {
    const window = opened();
    window.hasRead(10, 500);
    window.passed(550);
    window.passed(300);
    expect(window.sinceNs).toBe(550);
    window.takenIn();
    expect(window.sinceNs).toBe(550);
  });
});
