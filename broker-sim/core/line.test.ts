import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { Line, nowhere, type Standing } from "./line.ts";

interface Member extends Standing<Member> {
  readonly name: string;
}

const step = fc.record({ what: fc.constantFrom("add", "delete"), index: fc.nat({ max: 3 }) });

test.prop([fc.array(step)])("keeps the order of a Set", (steps) => {
  const members: Member[] = ["a", "b", "c", "d"].map((name) => ({ name, ...nowhere }));
  const line = new Line<Member>();
  const set = new Set<Member>();
  for (const { what, index } of steps) {
    const member = members[index] as Member;
    if (what === "add") {
      line.add(member);
      set.add(member);
    } else {
      line.delete(member);
      set.delete(member);
    }
    expect([line.oldest?.name, member.inLine]).toEqual([[...set][0]?.name, set.has(member)]);
  }
  for (const member of set) {
    expect(line.oldest?.name).toBe(member.name);
    line.delete(member);
  }
  expect(line.oldest).toBeNull();
});
