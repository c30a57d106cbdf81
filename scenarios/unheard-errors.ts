import { AsyncLocalStorage } from "node:async_hooks";

/** A run, as far as the errors for which nobody waits are those of what it started. */
interface Owner {
  readonly name: string;
  /** Null before and after it. */
  hear: ((error: unknown) => void) | null;
  /** Is told too what comes when it hears nothing any more. */
  note: ((error: unknown) => void) | null;
}

/** An error that comes when no run hears it, and the name of the run that had started what failed, if it had a run. */
type TellBeyond = (error: unknown, run: string | undefined) => void;

const owners = new AsyncLocalStorage<Owner>();
const hearing = new Set<Owner>();
let tellBeyond: TellBeyond | undefined;

/**
 * The one place of a process that hears errors for which nobody waits. Whatever a run starts is known by its asynchronous
 * context to be that run's, so that the one after it is not blamed for an error that comes late.
 */
function onError(error: unknown): void {
  const [only] = hearing;
  // What has no context was started by no run, or in a way that loses it: better blamed on a run than on nobody.
  const owner = owners.getStore() ?? only;
  if (owner?.hear) owner.hear(error);
  else tellOf(owner, error);
}

/** Whoever ends the program is told last: it may do so at once. */
function tellOf(owner: Owner | undefined, error: unknown): void {
  owner?.note?.(error);
  tellBeyond?.(error, owner?.name);
}

/** Does the work of a run, with all that it starts. */
export async function asRun<T>(name: string, work: () => Promise<T>): Promise<T> {
  return await owners.run({ name, hear: null, note: null }, work);
}

/** The run that this is part of hears its errors from now on; the result stops that. */
export function hearErrors(hear: (error: unknown) => void): () => void {
  const owner = owners.getStore() ?? { name: "", hear: null, note: null };
  owner.hear = hear;
  hearing.add(owner);
  listen();
  return () => {
    owner.hear = null;
    hearing.delete(owner);
    listen();
  };
}

/** What of the run that this is part of fails when it is not heard any more is noted so, for as long as this process lives. */
export function noteUnheard(note: (error: unknown) => void): void {
  const owner = owners.getStore();
  if (owner !== undefined) owner.note = note;
}

export function isAnyRunUnderWay(): boolean {
  return hearing.size > 0;
}

/** From now on, for the life of this process, no error ends it: what no run hears is told here. */
export function hearBeyondRuns(tell: TellBeyond): void {
  tellBeyond = tell;
  listen();
}

/** Of an error that its run cannot take for its own end any more, because it has another one. */
export function tellFurther(error: unknown): void {
  const [only] = hearing;
  tellOf(owners.getStore() ?? only, error);
}

function listen(): void {
  process.off("uncaughtException", onError);
  if (tellBeyond !== undefined || hearing.size > 0) process.on("uncaughtException", onError);
}
