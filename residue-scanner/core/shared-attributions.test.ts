import { describe, expect, it } from "vitest";

import type { Attribution } from "./process-attribution.ts";
import { SharedAttributions } from "./shared-attributions.ts";

const seen = (detail: string, kind: "recorder" | "request" = "recorder") => ({ kind, detail });
const job = (...evidence: Attribution["evidence"]): Attribution => ({ to: "job", evidence });

describe("attributions in the same words", () => {
  it("are kept once, whoever has built them", () => {
    const shared = new SharedAttributions();
    const [first, second] = [1, 2].map(() => shared.shared(job(seen("created it"), seen("at 3.1 s"))));
    expect(second).toBe(first);
    expect(second).toEqual(job(seen("created it"), seen("at 3.1 s")));
  });

  it("share single words where the rest differs", () => {
    const shared = new SharedAttributions();
    const first = shared.shared(job(seen("created it"), seen("at 3.1 s")));
    const second = shared.shared(job(seen("created it"), seen("at 3.2 s")));
    expect(second).toEqual(job(seen("created it"), seen("at 3.2 s")));
    expect(second.evidence[0]).toBe(first.evidence[0]);
  });

  it.each([
    ["by another kind of evidence", job(seen("created it", "request"), seen("at 3.1 s"))],
    ["of somebody else", { ...job(seen("created it"), seen("at 3.1 s")), to: "background" } as const],
    ["in another order", job(seen("at 3.1 s"), seen("created it"))],
    ["with less to say", job(seen("created it"))],
    ["with nothing to say", job()],
  ])("are another one %s", (_, other) => {
    const shared = new SharedAttributions();
    shared.shared(job(seen("created it"), seen("at 3.1 s")));
    expect(shared.shared(other)).toEqual(other);
  });
});
