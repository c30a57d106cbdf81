import { expect, it } from "vitest";

import { act } from "../testing/recording-fixture.ts";
import { KeptActs } from "./kept-acts.ts";

it("has both known afterwards, who did something and who was asked, and counts what is too much", () => {
  const retained: number[] = [];
  const kept = new KeptActs((serial) => void retained.push(serial), 2);
  const told = [
    act(4, "unix message", { parameters: { asked: "20" } }),
    act(5, "kill", { parameters: { pid: "90" } }),
    act(6, "mount"),
  ];
  for (const each of told) kept.add(each);
  expect([retained, kept.acts, kept.dropped]).toEqual([[4, 20, 5], told.slice(0, 2), 1]);
});
