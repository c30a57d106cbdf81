import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { messageOf } from "../../foundation/errors.ts";
import { loadKernelCalls } from "./kernel-calls.ts";
import {
  type RecorderAnswer,
  type RecorderOptions,
  type RecorderQuestion,
  type RecordingAnswer,
  signalWord,
} from "./recorder-messages.ts";
import { RecordingLoop } from "./recording-loop.ts";
import { unavailableRecording } from "./unavailable-recording.ts";

/** What the recorder's thread is started with. */
export interface RecorderOrder {
  readonly options: RecorderOptions;
  readonly port: MessagePort;
  /** Words of `signalWord`. */
  readonly signals: Int32Array;
}

const { options, port, signals } = workerData as RecorderOrder;

const calls = await loadKernelCalls();
if (calls === null) serve(unavailableRecording("this kind of machine has no way to ask the kernel"));
else await record(new RecordingLoop(calls, options));

async function record(loop: RecordingLoop): Promise<void> {
  try {
    await loop.start();
    Atomics.store(signals, signalWord.wakeDescriptor, loop.wakeDescriptor);
    answer({ kind: "ready" });
    while (!answerQuestions(loop)) loop.cycle();
  } catch (error) {
    // Its descriptors are the process's, and would keep the kernel telling.
    loop.close();
    loop.forget();
    answer({ kind: "failed", message: messageOf(error) });
    throw error;
  }
  port.on("message", (question: RecorderQuestion) => answerAfterwards(loop, question));
}

/** @returns whether it was told to stop */
function answerQuestions(loop: RecordingLoop): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return false;
    const question = received.message as RecorderQuestion;
    if (question.kind === "stop") loop.stop();
    else loop.catchUp();
    answerAfterwards(loop, question);
    if (question.kind === "stop") return true;
  }
}

function answerAfterwards(loop: RecordingLoop, question: RecorderQuestion): void {
  switch (question.kind) {
    case "recording":
    case "stop":
      return answer(loop.recording());
    case "touches":
      return answer({ kind: "touches", touches: loop.touches(question.paths) });
    case "news":
      return answer({ kind: "news", ...loop.news() });
    case "holders":
      return answer({ kind: "holders", serials: loop.holders(question.of) });
    case "close":
      loop.forget();
      return port.close();
  }
}

/** Answers where nothing is recorded. */
function serve(recording: RecordingAnswer): void {
  port.on("message", (question: RecorderQuestion) => {
    if (question.kind === "close") port.close();
    else if (question.kind === "touches") answer({ kind: "touches", touches: new Map() });
    else if (question.kind === "news") answer({ kind: "news", touches: [], processes: new Map(), missed: 0 });
    else if (question.kind === "holders") answer({ kind: "holders", serials: question.of.map(() => null) });
    else answer(recording);
  });
  answer({ kind: "ready" });
}

function answer(message: RecorderAnswer): void {
  port.postMessage(message, []);
  Atomics.add(signals, signalWord.answers, 1);
  Atomics.notify(signals, signalWord.answers);
}
