import { onTestFinished } from "vitest";

import type { RecordedProcess, RecorderSource, Recording } from "../core/recording.ts";
import { type Recorder, type RecorderOptions, startRecorder } from "../watch/recorder.ts";

/** A recorder that is closed when the test ends. */
export async function testRecorder(options: RecorderOptions = {}): Promise<Recorder> {
  const recorder = await startRecorder(options);
  onTestFinished(() => recorder.close());
  return recorder;
}

export function sourceOf(recording: Recording, source: RecorderSource["source"]): RecorderSource {
  const found = recording.sources.find((one) => one.source === source);
  if (found === undefined) throw new Error(`The recording has no source ${source}.`);
  return found;
}

/** A process and those from whom it comes, nearest first. */
export function lineageOf(recording: Recording, serial: number): RecordedProcess[] {
  const line: RecordedProcess[] = [];
  for (let at = recording.processes.get(serial); at !== undefined; at = recording.processes.get(at.parent ?? -1))
    line.push(at);
  return line;
}
