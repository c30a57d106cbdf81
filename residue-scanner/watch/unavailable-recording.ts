import { systemClock } from "../../foundation/clock.ts";
import type { RecorderSource } from "../core/recording.ts";
import type { RecordingAnswer } from "./recorder-messages.ts";

/** What is known where nothing could be recorded. */
export function unavailableRecording(
  detail: string,
  status: RecorderSource["status"] = "not-permitted",
): RecordingAnswer {
  const nowMs = systemClock.nowMs();
  const sources = (["files", "processes", "calls"] as const).map((source) => ({ source, status, detail, events: 0 }));
  const nothing = {
    processes: new Map(),
    acts: [],
    lines: new Map(),
    seesFiles: false,
    seesSettings: false,
    seesOrders: false,
  };
  return { kind: "recording", sources, ...nothing, fromMs: nowMs, toMs: nowMs };
}
