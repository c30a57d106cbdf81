import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * docs/cases.md, case 58: every request of an owner is answered once, and in the time that the owner gives it, for as
 * long as the process that was asked lives; what ends with the process is told by the end of the connection.
 */
export const requestsAnswered = checkerOf("every request of an owner is answered once and in time (WC-5)", () => {
  const open = new Map<number, RecordOf<"witness.asked">>();
  let answered = 0;
  let slowestMs = 0;
  return {
    on: {
      "witness.asked": (record) => {
        open.set(record.data.request, record);
      },
      "witness.answered": (record) => {
        const { request, command, code, waitedMs } = record.data;
        const asked = open.get(request);
        open.delete(request);
        answered += 1;
        slowestMs = Math.max(slowestMs, waitedMs);
        if (asked === undefined) return violation(`a request (${command}) was answered that nobody had open`, record);
        if (code !== "no-answer" && waitedMs <= asked.data.withinMs) return;
        return violation(`the owner waited ${waitedMs.toFixed(0)} ms for the answer to ${command}`, asked, record);
      },
    },
    end: () =>
      answered === 0
        ? undecided("no owner heard an answer")
        : passed(`${answered} requests, the slowest answered after ${slowestMs.toFixed(0)} ms`),
  };
});
