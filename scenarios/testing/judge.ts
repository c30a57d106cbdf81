import type { Expectation } from "../../protocol/verdict.ts";
import type { CheckerSettings } from "../checkers/setting.ts";
import { type CheckerName, judgeExpectation } from "../checkers/registry.ts";
import type { HistoryBuilder } from "./history-builder.ts";

/** What one checker makes of a whole history. */
export function judge({ records }: HistoryBuilder, checker: CheckerName, settings: CheckerSettings = {}): Expectation {
  return judgeExpectation(records, { checker, settings }, []);
}
