import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";

import {
  type RecorderAnswer,
  type RecorderLetter,
  type RecorderQuestion,
  signalWord,
} from "../watch/recorder-messages.ts";
import { unavailableRecording } from "../watch/unavailable-recording.ts";
import { gateWord } from "./slow-gate.ts";

interface SlowOrder {
  readonly options: { readonly gate: Int32Array };
  readonly port: MessagePort;
  readonly signals: Int32Array;
}

const { options, port, signals } = workerData as SlowOrder;
const { gate } = options;
/** How often the thread looks whether somebody asks: nobody wakes it. */
const lookMs = 5;

answer(0, { kind: "ready" });
let isStopped = false;
for (let isClosed = false; !isClosed && Atomics.load(gate, gateWord.isOver) === 0; ) {
  const letter = receiveMessageOnPort(port)?.message as RecorderLetter<RecorderQuestion> | undefined;
  if (letter === undefined) Atomics.wait(gate, gateWord.isOver, 0, lookMs);
  // As the recorder's: who is closed without having been stopped records on.
  else if (letter.content.kind === "close") isClosed = isStopped;
  else reply(letter);
}
port.close();
Atomics.store(gate, gateWord.hasEnded, 1);

/** As the recorder's thread, which records nothing here. */
function reply({ id, content: question }: RecorderLetter<RecorderQuestion>): void {
  if (question.kind === "touches") {
    Atomics.wait(gate, gateWord.isOpen, 0);
    return answer(id, { kind: "touches", touches: new Map() });
  }
  if (question.kind === "stop") {
    isStopped = true;
    Atomics.add(gate, gateWord.stops, 1);
  }
  answer(id, unavailableRecording("", "done"));
}

function answer(id: number, content: RecorderAnswer): void {
  port.postMessage({ id, content } satisfies RecorderLetter<RecorderAnswer>, []);
  Atomics.add(signals, signalWord.answers, 1);
  Atomics.notify(signals, signalWord.answers);
}
