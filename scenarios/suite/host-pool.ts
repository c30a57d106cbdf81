import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { readRun } from "../../reports/runs/read-run.ts";
import type { RunRequest } from "../runner.ts";
import { noteBeyond } from "../program-end.ts";
import { followerOf } from "./following.ts";
import { EndedEarly } from "./ended-early.ts";
import { NeverBegan } from "./never-began.ts";
import type { HostAnswer, HostTask, HostWord } from "./host-worker.ts";

const program = fileURLToPath(new URL("host-worker.ts", import.meta.url));

/**
 * Runs scenarios on this host side by side, each in a process of its own: the scan of one tells the doings of the others
 * from its own by whose process did them. Reporters hear where each is, and are told of it when it is over, from what lies in its
 * run directory.
 *
 * @param signal aborted, whatever is under way ends as if it had been interrupted
 */
export function openHostPool(
  stage: "host" | "netns",
  signal: AbortSignal,
): (request: RunRequest) => Promise<RunVerdict> {
  const children = new Set<ChildProcess>();
  // From a terminal they hear it themselves, and count the two as one.
  signal.addEventListener("abort", () => {
    for (const child of children) child.kill("SIGTERM");
  });
  return async ({ scenario, options, runs, reporters, reproduce, retryOf, agent, keep = false }) => {
    // What its modules print is nobody's report; what it has to say to people stands on stderr.
    const agentFile = agent?.file;
    const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    children.add(child);
    const follow = followerOf(reporters);
    if (follow !== undefined) {
      child.on("message", (word: HostWord) => {
        if ("goesOn" in word) follow(word.goesOn);
      });
    }
    try {
      const task: HostTask = {
        scenario: scenario.name,
        file: scenario.file,
        stage,
        options,
        runs,
        reproduce,
        retryOf,
        keep,
        agentFile,
        isFollowed: follow !== undefined,
      };
      const { verdict, directory } = await answerOf(child, task, signal);
      const { history, lostEvidence } = readRun(directory);
      for (const reporter of reporters) reporter.end({ verdict, history, runDirectory: directory, lostEvidence });
      return verdict;
    } finally {
      children.delete(child);
    }
  };
}

/**
 * Waits for its end as well: until then its watchdog is there, and what it holds open.
 *
 * @throws NeverBegan where it was ended before it listened for signals, which is the first that a run does
 */
async function answerOf(child: ChildProcess, task: HostTask, signal: AbortSignal): Promise<HostAnswer> {
  let answer: HostAnswer | undefined;
  child.on("message", (word: HostWord) => {
    if (!("goesOn" in word)) answer = word;
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  child.send(task);
  const how = await ended;
  if (answer !== undefined) {
    // As host-worker.ts ends where something failed beyond its run.
    const beyond = [ExitCode.unknown, ExitCode.harnessBug].find((code) => how === `it ended with ${code}`);
    if (beyond !== undefined) noteBeyond("", beyond === ExitCode.harnessBug);
    return answer;
  }
  if (signal.aborted && how === "it ended with SIGTERM") throw new NeverBegan(task.scenario);
  if (how === "it ended with 0") throw new EndedEarly(task.scenario);
  throw new Error(`the process that ran ${task.scenario} did not say what came of it: ${how}`);
}
