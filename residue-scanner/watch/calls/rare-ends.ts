import type { CallDecoder, CallEvent } from "../../core/call-events.ts";
import type { CallPairing } from "../../core/call-pairing.ts";
import type { TracedCall } from "../../core/traced-calls.ts";
import { monotonicNs } from "../monotonic.ts";
import type { TraceInstance } from "./trace-instance.ts";

interface Places {
  readonly instance: Pick<TraceInstance, "enableBy" | "format" | "turnOff">;
  readonly decoder: CallDecoder;
  readonly pairing: CallPairing;
}

/**
 * What came back from calls of a kind that is made too often for all its ends to be told: ioctl(2). The beginning of one
 * that counts turns the ends of all on, in the kernel and so before its own; they are turned off when it has come back.
 */
export class RareEnds {
  private readonly places: Places;
  private readonly call: string;

  private constructor(places: Places, call: string) {
    this.places = places;
    this.call = call;
  }

  /**
   * @param filter which beginnings turn the ends on
   * @returns null where this kernel cannot
   */
  static open(places: Places, call: TracedCall, filter: string): RareEnds | null {
    const { instance, decoder } = places;
    const [enter, exit] = ["enter", "exit"].map((side) => `syscalls/sys_${side}_${call.event ?? call.call}`);
    const format = instance.format(exit as string);
    if (format === null) return null;
    try {
      instance.enableBy(exit as string, enter as string, filter);
    } catch {
      // Built without triggers: what came back stays unknown.
      return null;
    }
    decoder.learnExit(call, format);
    return new RareEnds(places, call.call);
  }

  /** @param events what was read, and paired */
  afterReading(events: readonly CallEvent[]): void {
    const { call, places } = this;
    const isOn = events.some((event) => event.kind === "exit" && event.call === call);
    if (!isOn || places.pairing.unfinishedOf(call) > 0) return;
    const fromNs = monotonicNs();
    places.instance.turnOff();
    places.pairing.cease(call, fromNs, monotonicNs());
  }
}
