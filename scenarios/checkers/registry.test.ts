import { describe, expect, it, test } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { judge } from "../testing/judge.ts";
import { type CheckerName, checkers, judgeExpectation, type ScenarioExpectation } from "./registry.ts";

describe("judgeExpectation", () => {
  it("turns a pass on lost evidence into unknown, and leaves a fail a fail", () => {
    const right = new HistoryBuilder().add("witness.revoked-key", { status: 401, code: "revoked" });
    expect(judgeExpectation(right.records, { checker: "key-revoked" }, ["a torn line"]).result).toBe("unknown");
    const wrong = new HistoryBuilder().add("witness.revoked-key", { status: 200, code: "" });
    expect(judgeExpectation(wrong.records, { checker: "key-revoked" }, ["a torn line"]).result).toBe("fail");
  });

  it("gives unknown when a checker throws", () => {
    const broken = [{ type: "broker.offered" }] as never;
    expect(judgeExpectation(broken, { checker: "lease-exclusivity" }, [])).toMatchObject({
      result: "unknown",
      detail: expect.stringContaining("the checker itself failed"),
    });
  });

  it("names the violated property's invariant and tells its story", () => {
    const history = new HistoryBuilder().lease(1, 1).lease(1, 2);
    expect(judgeExpectation(history.records, { checker: "lease-exclusivity" }, [])).toMatchObject({
      id: "lease-exclusivity",
      title: expect.stringContaining("(I1)"),
      story: [expect.stringMatching(/^\+0 ms /), expect.stringMatching(/^\+2 ms /)],
    });
  });
});

describe("a setting that cannot be used", () => {
  const results = new HistoryBuilder().add("witness.result", {
    ...{ jobId: "job-1", correct: true, detail: "", startedFrom: 0 },
  });
  it.each([
    [{ resultsMn: 5 }, 'did you mean "resultsMin"?'],
    [{ resultsMin: Number.NaN }, "cannot be NaN: it takes a whole number from 1"],
    [{ resultsMin: "1" }, 'cannot be "1"'],
    [{ resultsMin: 0.5 }, "cannot be 0.5"],
    [{ resultsMin: 0 }, "cannot be 0"],
  ])("gives unknown on evidence that would pass: %j", (settings, says) => {
    expect(judge(results, "results-correct").result).toBe("pass");
    expect(judge(results, "results-correct", settings)).toMatchObject({
      ...{ result: "unknown", detail: expect.stringContaining(says) },
    });
  });
});

test("a bound that is none cannot be told: nothing would be too much", () => {
  const { result, detail } = judgeExpectation([], { checker: "freeze-latency", settings: { p99MsMax: Infinity } }, []);
  expect({ result, detail }).toEqual({ result: "unknown", detail: expect.stringContaining("cannot be Infinity") });
});

test("the compiler refuses a setting that there is not, and one that is missing", () => {
  const typed: ScenarioExpectation[] = [
    { checker: "results-correct", settings: { resultsMin: 1 } },
    // @ts-expect-error: misspelt.
    { checker: "results-correct", settings: { resultsMn: 1 } },
    // @ts-expect-error: of another type.
    { checker: "results-correct", settings: { resultsMin: "1" } },
    // @ts-expect-error: it can be told nothing.
    { checker: "transitions", settings: { resultsMin: 1 } },
    // @ts-expect-error: it needs graceMs.
    { checker: "grace-given" },
  ];
  const judged = typed.map((one) => judgeExpectation([], one, []).detail);
  expect(judged.filter((detail) => detail.includes("`scenarios checkers` lists them"))).toHaveLength(4);
});

describe("checkers", () => {
  it.each(Object.keys(checkers) as CheckerName[])(
    "%s passes nothing on an empty history, and cites its source",
    (name) => {
      expect(judgeExpectation([], { checker: name }, []).result).toBe("unknown");
      expect(checkers[name].title).toMatch(
        /\(((I|WC-|EG-|US-|OR-|FE-)\d+|L\d)(, [IL]\d+)?\)$|\(WC-16, L1\)$|p99 \(L4\)$/,
      );
      expect(checkers[name].sees.length).toBeGreaterThan(0);
    },
  );
});
