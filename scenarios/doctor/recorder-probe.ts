import { startRecorder } from "../../residue-scanner/scanner.ts";
import type { Probe } from "./probe.ts";

/** Records for a moment, as every run on this host does for as long as it lasts. */
export const recorderProbe: Probe = {
  name: "recorder",
  for: "who changed what while a run goes on: process events, fanotify, tracefs",
  attempt: async () => {
    const recorder = await startRecorder();
    try {
      const { sources } = await recorder.stop();
      const missing = sources.filter(({ status }) => status !== "done");
      if (missing.length === 0) return { status: "ok", detail: sources.map(({ source }) => source).join(", ") };
      return { status: "part", detail: missing.map(({ source, detail }) => `${source}: ${detail}`).join("; ") };
    } finally {
      await recorder.close();
    }
  },
  remedy: () => "`npx residue doctor` says for each what would show more; as root most is seen.",
};
