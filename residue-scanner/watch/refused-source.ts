import type { RecorderSource } from "../core/recording.ts";

/** What is said of a source that the kernel refuses. */
export function refusedSource(source: RecorderSource["source"], detail: string | null): RecorderSource {
  return { source, status: "not-permitted", detail: detail ?? "", events: 0 };
}
