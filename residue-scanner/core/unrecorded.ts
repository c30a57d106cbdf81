import type { RecordingSource } from "./recorded-run.ts";
import { recorderSources } from "./recording.ts";

/** What stands in a report for a recorder that nobody wanted: whose anything is, is then told by its marks alone. */
export function unrecorded(detail: string): RecordingSource {
  const sources = recorderSources.map((source) => ({ source, status: "off", detail, events: 0 }) as const);
  const recording = { sources, processes: new Map(), acts: [], fromMs: 0, toMs: 0 };
  return {
    askRecording: async () => recording,
    askTouches: async () => new Map(),
    askPrograms: async () => [],
    askChangedDirectories: async () => [],
  };
}
