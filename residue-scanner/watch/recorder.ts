import { closeSync, writeSync } from "node:fs";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf } from "../../foundation/errors.ts";
import { startStripped } from "../collectors/files/stripped-worker.ts";
import type { RecordingSource } from "../core/recorded-run.ts";
import type { Recording, Touch } from "../core/recording.ts";
import {
  type RecorderAnswer,
  type RecorderLetter,
  type RecorderNews,
  type RecorderOptions,
  type RecorderQuestion,
  type RecordingAnswer,
  signalWord,
  signalWords,
} from "./recorder-messages.ts";
import type { RecorderOrder } from "./recorder-worker.ts";
import { unavailableRecording } from "./unavailable-recording.ts";

export type { RecorderNews, RecorderOptions, WatchedTouch } from "./recorder-messages.ts";

/** How long an answer may take: what waits is taken in before it, and the machine may be busy. */
const answerMsMax = 60_000;
/** A program that ends does not wait for long. */
const exitMsMax = 5_000;
const workerModule = new URL(
  import.meta.url.endsWith(".ts") ? "./recorder-worker.ts" : "./recorder-worker.js",
  import.meta.url,
);

/**
 * Starts to record who touches which file of this host and who comes from whom, in a thread of its own. What this user
 * may not see is said in the recording's sources; lack of rights is no error. It listens when the promise resolves.
 *
 * Stop it in the end: it holds fanotify(7) marks on every file system.
 *
 * @param module what the thread runs; another one for tests
 */
export async function startRecorder(options: RecorderOptions = {}, module = workerModule): Promise<Recorder> {
  const signals = new Int32Array(new SharedArrayBuffer(signalWords * 4));
  const { port1, port2 } = new MessageChannel();
  const order: RecorderOrder = { options, port: port2, signals };
  const worker = startStripped(module, order, [port2]);
  const recorder = new Recorder(worker, port1, signals);
  await recorder.begun();
  return recorder;
}

/** A recording that goes on, and what it knows so far. */
export class Recorder implements RecordingSource {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signals: Int32Array;
  readonly #fromMs = systemClock.nowMs();
  /** Of the last question. */
  #id = 0;
  /** What was answered while this thread waited for another answer. */
  readonly #early = new Map<number, RecorderAnswer>();
  /** Why the thread gives no more answers; null while it does, however late. */
  #ended: string | null = null;
  /** Why a question was left without an answer; null while none was. What is told without that answer is not all. */
  #lost: string | null = null;
  #stopped: RecordingAnswer | null = null;
  readonly #beforeExit = (): void => {
    // A thread that is ended in the midst of a system call may take the process with it.
    this.#ask({ kind: "stop" }, exitMsMax);
  };

  constructor(worker: Worker, port: MessagePort, signals: Int32Array) {
    this.#worker = worker;
    this.#port = port;
    this.#signals = signals;
    worker.on("error", (error) => (this.#ended ??= `the recorder's thread ended: ${messageOf(error)}`));
    worker.on("exit", (code) => (this.#ended ??= `the recorder's thread ended with code ${code}`));
    process.on("exit", this.#beforeExit);
  }

  /** @internal */
  async begun(): Promise<void> {
    await this.#answerTo(0, 0);
  }

  /**
   * Who touched these paths so far, the first first. All that happened before the call is taken in first. A directory's
   * touches include as `modified` that its entries changed.
   *
   * @param paths one character a byte, without links and without `.` and `..`
   * @returns every path that was asked for; without touches where none are known
   */
  touchesOf(paths: readonly string[]): ReadonlyMap<string, readonly Touch[]> {
    return touchesIn(this.#ask({ kind: "touches", paths }), paths);
  }

  /** As `touchesOf`, without keeping this thread from anything else meanwhile. */
  async askTouches(paths: readonly string[]): Promise<ReadonlyMap<string, readonly Touch[]>> {
    return touchesIn(await this.#askLater({ kind: "touches", paths }), paths);
  }

  /** As `recording`, without keeping this thread from anything else meanwhile. */
  async askRecording(): Promise<Recording> {
    return this.#asRecording(this.#stopped ?? (await this.#askLater({ kind: "recording" })));
  }

  /** Paths of what was run by those who came, one character a byte: their programs, and scripts. */
  async askPrograms(): Promise<readonly string[]> {
    const answer = await this.#askLater({ kind: "programs" });
    return answer?.kind === "programs" ? answer.paths : [];
  }

  /**
   * Directories in which those that come from this process changed something since the last call, as paths, one character a
   * byte; the first call only begins. Those that are gone are left out.
   */
  async askChangedDirectories(): Promise<readonly string[]> {
    const answer = await this.#askLater({ kind: "changed" });
    return answer?.kind === "changed" ? answer.directories : [];
  }

  /**
   * Who had a pid at a time; null where nobody is known to have had it. Processes that are asked for are kept in the
   * recording.
   *
   * @param of wall times in ms, as `Recording.fromMs`; no longer ago than a few seconds, because pids are reused
   * @returns serials, in the order of the questions
   */
  holdersOf(of: readonly { readonly pid: number; readonly atMs: number }[]): readonly (number | null)[] {
    const answer = this.#ask({ kind: "holders", of });
    return answer?.kind === "holders" ? answer.serials : of.map(() => null);
  }

  /** With `live`: what happened since the last call. */
  news(): RecorderNews {
    const answer = this.#ask({ kind: "news" });
    return answer?.kind === "news" ? answer : { touches: [], processes: new Map(), missed: 0 };
  }

  /** What is known so far; afterwards, what `stop` said, and `lost` once anything asked was not answered. */
  recording(): Recording {
    return this.#asRecording(this.#stopped ?? this.#ask({ kind: "recording" }));
  }

  /** Ends the recording. Questions are answered until `close`. */
  async stop(): Promise<Recording> {
    if (this.#stopped !== null) return this.#asRecording(this.#stopped);
    const answer = await this.#askLater({ kind: "stop" });
    if (answer !== null || this.#ended !== null) process.off("exit", this.#beforeExit);
    return (this.#stopped = this.#asRecording(answer));
  }

  /** Stops, and forgets. */
  async close(): Promise<void> {
    await this.stop();
    if (this.#ended === null) await this.#endOfThread();
    // It may still come to it; until then it reads both.
    if (this.#ended === null) return;
    process.off("exit", this.#beforeExit);
    this.#ended = "it was closed";
    this.#port.close();
    const descriptor = Atomics.exchange(this.#signals, signalWord.wakeDescriptor, 0);
    if (descriptor > 0) closeSync(descriptor);
  }

  /** Tells the thread to end, and waits for that as for an answer. */
  async #endOfThread(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Keeps the process from ending in the midst of this, as well.
    const late = setTimeout(resolve, answerMsMax);
    this.#worker.once("exit", () => resolve());
    this.#send({ kind: "close" });
    await promise;
    clearTimeout(late);
  }

  #asRecording(answer: RecorderAnswer | null): RecordingAnswer {
    if (this.#lost === null && answer?.kind === "recording") return answer;
    const lost = unavailableRecording(this.#lost ?? "the recorder's thread gave no answer", "lost");
    return { ...lost, fromMs: this.#fromMs };
  }

  /** Waits for the answer on this thread. */
  #ask(question: RecorderQuestion, answerMs = answerMsMax): RecorderAnswer | null {
    if (!this.#isAsked(question)) return null;
    let answers = this.#answers();
    const id = this.#send(question);
    const untilMs = systemClock.monotonicMs() + answerMs;
    for (;;) {
      const answer = this.#received(id);
      if (answer !== null) return answer;
      const leftMs = untilMs - systemClock.monotonicMs();
      if (this.#isUnanswered(leftMs)) return null;
      Atomics.wait(this.#signals, signalWord.answers, answers, leftMs);
      answers = this.#answers();
    }
  }

  async #askLater(question: RecorderQuestion): Promise<RecorderAnswer | null> {
    if (!this.#isAsked(question)) return null;
    const answers = this.#answers();
    return await this.#answerTo(this.#send(question), answers);
  }

  /** @param answers how many there were before the question */
  async #answerTo(id: number, answers: number): Promise<RecorderAnswer | null> {
    this.#worker.ref();
    let seen = answers;
    const untilMs = systemClock.monotonicMs() + answerMsMax;
    // Where the thread has ended, nothing else keeps the process from ending in the midst of this.
    const alive = setInterval(() => undefined, answerMsMax);
    try {
      for (;;) {
        const answer = this.#received(id);
        if (answer !== null) return answer;
        const leftMs = untilMs - systemClock.monotonicMs();
        if (this.#isUnanswered(leftMs)) return null;
        // A thread that dies gives no answer: that is looked for from time to time.
        await Atomics.waitAsync(this.#signals, signalWord.answers, seen, Math.min(leftMs, 500)).value;
        seen = this.#answers();
      }
    } finally {
      clearInterval(alive);
      this.#worker.unref();
    }
  }

  /**
   * Whether a question is asked at all. A thread that once gave no answer in time is not waited for again and again; but
   * it may be well, and would record for ever if nobody told it to stop.
   */
  #isAsked({ kind }: RecorderQuestion): boolean {
    this.#lost ??= this.#ended;
    return this.#ended === null && (this.#lost === null || kind === "stop");
  }

  /** @param leftMs how long the answer may still take */
  #isUnanswered(leftMs: number): boolean {
    if (this.#ended === null && leftMs > 0) return false;
    this.#lost ??= this.#ended ?? "the recorder's thread gave no answer in time";
    return true;
  }

  /** @returns the number of the question */
  #send(question: RecorderQuestion): number {
    const id = (this.#id += 1);
    this.#port.postMessage({ id, content: question } satisfies RecorderLetter<RecorderQuestion>, []);
    const descriptor = Atomics.load(this.#signals, signalWord.wakeDescriptor);
    if (descriptor > 0) writeSync(descriptor, new Uint8Array(new BigUint64Array([1n]).buffer));
    return id;
  }

  /** The answer to a question, if it is there. The thread answers in turn, and of several who wait each may read another's. */
  #received(id: number): RecorderAnswer | null {
    for (;;) {
      const early = this.#early.get(id);
      if (early !== undefined) {
        this.#early.delete(id);
        return early;
      }
      const letter = receiveMessageOnPort(this.#port)?.message as RecorderLetter<RecorderAnswer> | undefined;
      if (letter === undefined) return null;
      if (letter.content.kind === "failed") this.#ended ??= letter.content.message;
      else this.#early.set(letter.id, letter.content);
    }
  }

  #answers(): number {
    return Atomics.load(this.#signals, signalWord.answers);
  }
}

function touchesIn(answer: RecorderAnswer | null, paths: readonly string[]): ReadonlyMap<string, readonly Touch[]> {
  return answer?.kind === "touches" ? answer.touches : new Map(paths.map((path) => [path, []]));
}
