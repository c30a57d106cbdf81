import { isTerminalJob } from "../../protocol/job-states.ts";
import type { JobView } from "../../protocol/messages.ts";
import { askUntil, NotFollowedError } from "./ask-until.ts";
import { jobNote } from "./job-note.ts";

/** How often it is asked how far the jobs are, in milliseconds. */
const pollIntervalMs = 250;
/** So many notes are told of at once: jobs may be many, and have come back for one reason. */
const notesMax = 5;
const reasonCharactersMax = 200;

export interface Following {
  /** Lists all jobs. What it throws counts as a hiccup when it is a HouseguestError that is `retriable`. */
  readonly list: () => Promise<readonly JobView[]>;
  /** For how long, in milliseconds, a broker may go without an answer. */
  readonly patienceMs: number;
  /** Hears a line whenever something changed. */
  readonly tell: (line: string) => void;
}

/**
 * Waits until every job is settled. A broker that does not answer, or says that it cannot just now, is asked again.
 *
 * @throws NotFollowedError `gave-up`, `jobs-forgotten`
 * @throws HouseguestError a refusal that asking again does not change
 */
export async function followJobs(jobIds: readonly string[], { list, patienceMs, tell }: Following): Promise<JobView[]> {
  const unsettled = new Set(jobIds);
  // A broker forgets settled jobs when there are many.
  const settled = new Map<string, JobView>();
  let said = "";
  const notes = new Map<string, string>();
  await askUntil({
    ask: list,
    hear(listed) {
      const going = listed.filter(({ jobId }) => unsettled.has(jobId));
      if (going.length < unsettled.size) throw forgotten();
      for (const job of going) {
        if (!isTerminalJob(job.state)) continue;
        settled.set(job.jobId, job);
        unsettled.delete(job.jobId);
      }
      const line = progressLine([...settled.values(), ...going.filter(({ jobId }) => unsettled.has(jobId))]);
      if (line !== said) tell(line);
      said = line;
      tellNotes(
        going.filter(({ jobId }) => unsettled.has(jobId)),
        { notes, tell },
      );
      return unsettled.size === 0;
    },
    ...{ pollIntervalMs, patienceMs, tell },
    meanwhile: "The jobs are not affected",
    next: "The jobs were submitted, and none is cancelled: `broker-sim jobs` says what becomes of them.",
  });
  return jobIds.flatMap((jobId) => settled.get(jobId) ?? []);
}

/** Says what is new to say of these jobs: why each came back, and for when it waits. */
function tellNotes(
  jobs: readonly JobView[],
  { notes, tell }: { readonly notes: Map<string, string> } & Pick<Following, "tell">,
): void {
  const told: string[] = [];
  for (const job of jobs) {
    const note = jobNote(job, { reasonCharactersMax });
    // One that waits no more is told of by its state, and what it waited for is no news when it comes again.
    if (note === "" || notes.get(job.jobId) === note) continue;
    notes.set(job.jobId, note);
    told.push(`${job.jobId}  ${note}`);
  }
  for (const line of told.slice(0, notesMax)) tell(line);
  if (told.length > notesMax) tell(`… and ${told.length - notesMax} more: \`broker-sim jobs\` has their notes.`);
}

function progressLine(jobs: readonly JobView[]): string {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(job.state, (counts.get(job.state) ?? 0) + 1);
  const states = Array.from(counts, ([state, count]) => `${count} ${state}`).sort();
  const progress = jobs.reduce((sum, job) => sum + job.progress, 0);
  return `${states.join(", ")}; progress ${progress}`;
}

function forgotten(): NotFollowedError {
  return new NotFollowedError("The broker does not know the submitted jobs any more.", {
    code: "jobs-forgotten",
    next: "It was started anew with an empty store, or has forgotten them as settled; submit them again if need be.",
  });
}
