import type { ProcessFact } from "./fact.ts";

/** Ids of the threads of which something was set between two readings; those that came or went are the process's own. */
export function changedThreads(before: ProcessFact | null, after: ProcessFact | null): string[] {
  const was = new Map((before?.threads ?? []).map((words) => [threadOf(words), words]));
  return (after?.threads ?? []).flatMap((words) => {
    const earlier = was.get(threadOf(words));
    return earlier === undefined || earlier === words ? [] : [threadOf(words)];
  });
}

function threadOf(words: string): string {
  return words.slice(0, words.indexOf(":"));
}
