import { expect, it, onTestFinished, vi } from "vitest";

import { systemClock } from "../../foundation/clock.ts";
import { gateWord, gateWords } from "../testing/slow-gate.ts";
import { type Recorder, type RecorderOptions, startRecorder } from "./recorder.ts";

const slowRecorder = new URL("../testing/slow-recorder.ts", import.meta.url);

/** A recorder whose thread records nothing, and the words by which it is followed; it ends with the test. */
async function startSlow(): Promise<{ recorder: Recorder; gate: Int32Array }> {
  const gate = new Int32Array(new SharedArrayBuffer(gateWords * 4));
  onTestFinished(() => {
    for (const word of [gateWord.isOver, gateWord.isOpen]) open(gate, word);
  });
  return { recorder: await startRecorder({ gate } as RecorderOptions, slowRecorder), gate };
}

function open(gate: Int32Array, word: number): void {
  Atomics.store(gate, word, 1);
  Atomics.notify(gate, word);
}

const statuses = ({ sources }: { readonly sources: readonly { readonly status: string }[] }) =>
  sources.map(({ status }) => status);
const all = (status: string) => [status, status, status];

it("a recorder that once took too long for an answer is stopped and closed, and what it knows is lost", async () => {
  const { recorder, gate } = await startSlow();
  const clock = vi.spyOn(systemClock, "monotonicMs");
  onTestFinished(() => clock.mockRestore());
  // The minute that an answer may take is over when the clock is looked at again.
  clock.mockReturnValueOnce(0).mockReturnValue(60_001);
  expect(recorder.touchesOf(["/d/x"]).get("/d/x")).toEqual([]);
  clock.mockRestore();
  open(gate, gateWord.isOpen);
  expect(statuses(await recorder.stop())).toEqual(all("lost"));
  expect(Atomics.load(gate, gateWord.stops)).toBe(1);
  await recorder.close();
  expect(Atomics.load(gate, gateWord.hasEnded)).toBe(1);
});

it("a recording that was done is lost when something is asked afterwards that nobody answers", async () => {
  const { recorder, gate } = await startSlow();
  open(gate, gateWord.isOpen);
  expect(statuses(await recorder.stop())).toEqual(all("done"));
  expect((await recorder.askTouches(["/d/x"])).get("/d/x")).toBeUndefined();
  expect(statuses(await recorder.askRecording())).toEqual(all("done"));
  await recorder.close();
  expect(statuses(recorder.recording())).toEqual(all("done"));
  expect((await recorder.askTouches(["/d/x"])).get("/d/x")).toEqual([]);
  expect(statuses(await recorder.askRecording())).toEqual(all("lost"));
  expect(statuses(recorder.recording())).toEqual(all("lost"));
  expect(statuses(await recorder.stop())).toEqual(all("lost"));
});
