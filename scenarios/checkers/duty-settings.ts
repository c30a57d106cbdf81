import { limits } from "../../foundation/limits.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { amount, count, type Setting, type Told } from "./setting.ts";

/** The fleet's times; what is not told is as of any fleet. */
const timing = Object.fromEntries(
  Object.entries(defaultTiming).map(([name, otherwise]) => [
    name,
    amount("as in the run's timing", { takes: name.endsWith("Ratio") ? "a share" : "ms", otherwise }),
  ]),
) as Readonly<Record<keyof Timing, Setting<number, false>>>;

/** What the duties are measured by; what is not told is as on one machine with the times of a fleet. */
const table = {
  ...timing,
  latencyMsMax: amount("the most that one message takes on its way", { otherwise: 50 }),
  slots: count("how many jobs an agent runs at once", 1),
  snapshotMsMax: amount("the most that a snapshot takes", { otherwise: Infinity }),
  checkpointBytesMax: amount("the most that the broker takes of one archive", {
    ...{ takes: "bytes", otherwise: limits.checkpointBytesMax },
  }),
  uploadChunkBytes: amount("so much of an archive crosses with one request", {
    ...{ takes: "bytes", otherwise: limits.uploadChunkBytesMax },
  }),
};

/** Of what the duties are measured by, what one goes by. */
export type DutySettings<Name extends keyof typeof table = keyof typeof table> = Told<Pick<typeof table, Name>>;

/** The settings of a duty that goes by those. */
export function dutyOf<Name extends keyof typeof table>(...names: readonly Name[]): Pick<typeof table, Name> {
  return Object.fromEntries(names.map((name) => [name, table[name]])) as unknown as Pick<typeof table, Name>;
}

/** What whoever answers takes for itself, its disk included. */
const answerMsMax = 250;

/** The most that passes between a question and its answer, in milliseconds. */
export function roundTripMs({ latencyMsMax }: DutySettings<"latencyMsMax">): number {
  return 2 * latencyMsMax + answerMsMax;
}

/** The most that an archive is on its way to the broker: what takes several chunks is asked about first, and its manifest follows it. */
export function uploadMs(settings: DutySettings<"latencyMsMax" | "uploadChunkBytes">, archiveBytes: number): number {
  const chunks = Math.max(1, Math.ceil(archiveBytes / settings.uploadChunkBytes));
  return (chunks === 1 ? 1 : chunks + 2) * roundTripMs(settings);
}
