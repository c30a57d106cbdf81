import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { messageOf } from "../../foundation/errors.ts";
import { loadKernelCalls } from "./kernel-calls.ts";
import {
  type RecorderAnswer,
  type RecorderLetter,
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
    answer(0, { kind: "ready" });
    let last = answerQuestions(loop);
    for (; last === null; last = answerQuestions(loop)) loop.cycle();
    if (last === "close") return;
  } catch (error) {
    // Its descriptors are the process's, and would keep the kernel telling.
    loop.close();
    loop.forget();
    answer(0, { kind: "failed", message: messageOf(error) });
    throw error;
  }
  port.on("message", (letter: RecorderLetter<RecorderQuestion>) => answerAfterwards(loop, letter));
}

/** @returns what it was told in the end; null while it goes on */
function answerQuestions(loop: RecordingLoop): "stop" | "close" | null {
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return null;
    const letter = received.message as RecorderLetter<RecorderQuestion>;
    const { kind } = letter.content;
    const isLast = kind === "stop" || kind === "close";
    if (isLast) loop.stop();
    else loop.catchUp();
    answerAfterwards(loop, letter);
    if (isLast) return kind;
  }
}

function answerAfterwards(loop: RecordingLoop, { id, content: question }: RecorderLetter<RecorderQuestion>): void {
  switch (question.kind) {
    case "recording":
    case "stop":
      return answer(id, loop.recording());
    case "touches":
      return answer(id, { kind: "touches", touches: loop.touches(question.paths) });
    case "programs":
      return answer(id, { kind: "programs", paths: loop.programs() });
    case "changed":
      return answer(id, { kind: "changed", directories: loop.changedDirectories() });
    case "news":
      return answer(id, { kind: "news", ...loop.news() });
    case "holders":
      return answer(id, { kind: "holders", serials: loop.holders(question.of) });
    case "close":
      loop.forget();
      return port.close();
  }
}

/** Answers where nothing is recorded. */
function serve(recording: RecordingAnswer): void {
  port.on("message", ({ id, content: question }: RecorderLetter<RecorderQuestion>) => {
    if (question.kind === "close") port.close();
    else if (question.kind === "touches") answer(id, { kind: "touches", touches: new Map() });
    else if (question.kind === "programs") answer(id, { kind: "programs", paths: [] });
    else if (question.kind === "changed") answer(id, { kind: "changed", directories: [] });
    else if (question.kind === "news") answer(id, { kind: "news", touches: [], processes: new Map(), missed: 0 });
    else if (question.kind === "holders") answer(id, { kind: "holders", serials: question.of.map(() => null) });
    else answer(id, recording);
  });
  answer(0, { kind: "ready" });
}

/** @param id of the question; 0 for what nobody asked for */
function answer(id: number, content: RecorderAnswer): void {
  port.postMessage({ id, content } satisfies RecorderLetter<RecorderAnswer>, []);
  Atomics.add(signals, signalWord.answers, 1);
  Atomics.notify(signals, signalWord.answers);
}
