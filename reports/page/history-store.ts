/** The events of a run as the page reads them: columns at once, texts when they are there. */
export interface HistoryStore {
  readonly count: number;
  readonly types: readonly string[];
  readonly sources: readonly string[];
  /** When the run began, in ms since the epoch. */
  readonly beganAt: number;
  /** Ms since the run began. */
  at(index: number): number;
  /** A place in `types`. */
  type(index: number): number;
  /** A place in `sources`. */
  source(index: number): number;
  /** Its number within its source, a space, its data as JSON. Undefined while that is still packed. */
  line(index: number): string | undefined;
  /** Resolves when the lines of these events can be read, at least until others are asked for. */
  ready(from: number, to: number): Promise<void>;
}

/** An event as its line tells it. */
export function eventOf(line: string): { readonly sequence: number; readonly data: string } {
  const blank = line.indexOf(" ");
  return { sequence: Number(line.slice(0, blank)), data: line.slice(blank + 1) };
}

/** Who says things of this type. */
export function actorOf(type: string): "agent" | "broker" | "harness" {
  if (type.startsWith("agent.")) return "agent";
  return type.startsWith("broker.") ? "broker" : "harness";
}
