/** How much of it; everything a count. */
export interface HeartbeatSizes {
  readonly agents: number;
  /** Of each agent in one round. */
  readonly beats: number;
  readonly rounds: number;
  /** Event streams for the measure of memory. */
  readonly streams: number;
  /** Agents that are enrolled on one broker, and heard once. */
  readonly crowd: number;
}

/** What one kind of server did, in the median of all rounds. */
export interface Pace {
  /** Heartbeats in a second of the clock. */
  readonly rate: number;
  /** The server's processor time for one, in microseconds. */
  readonly cpuUs: number;
  /** Of it, that of the thread which decides and answers. */
  readonly mainUs: number;
}

export interface MeasuredHeartbeats {
  /** By kind of server; the whole broker also as `KIND written`, where every heartbeat changes a record. */
  readonly paces: Readonly<Record<string, Pace>>;
  /** The share of a processor that the load generator used at most while it sent. */
  readonly generatorBusy: number;
  /** What one more agent with an open event stream takes, and the whole process with all of them. */
  readonly connectedBytes: { readonly resident: number; readonly heap: number; readonly residentInAll: number };
  readonly crowd: {
    readonly enrolSeconds: number;
    readonly beatSeconds: number;
    readonly errors: number;
    readonly residentBytes: number;
  };
}

/** How many requests are under way at once. */
export const inFlight = 64;
