/**
 * Situations that are rare and matter: whoever drives the cores at random must get into each of them at least
 * sometimes, or what is said about them was never tried. The list is closed, so that a misspelt mark does not compile
 * and one that is never hit has a name.
 */
export const marks = [
  // The agent's pause and resume.
  "a pause was asked for while the agent enrolled",
  "a pause was remembered over a restart",
  "a pause took a periodic freeze over",
  "the owner joined a pause of the broker's",
  "a resume came before the pause had taken effect",
  "the broker was not let to resume what the owner had paused",
  "a sandbox came up in a freeze",
  "a job ended by itself just before it was frozen",
  "a prepared job waited for the end of a freeze",
  "a snapshot was given up for want of time",
  "a checkpoint could not be written",
  "a checkpoint was ready after its freeze was over",
  "a job was frozen that had not put its files in order",
  "a job could not hear that it was to put its files in order",
  "a pause came while jobs put their files in order",
  "a shutdown took over what a periodic checkpoint had asked of its jobs",
  "an upload did not get through and waited",
  "the broker did not hear whose a checkpoint was, and was told again",
  "an upload was refused for good",
  "an upload went on from where it was cut off",
  "an upload began anew because the broker had thrown it away",
  "a checkpoint that had rotted on the disk was dropped",
  "the acknowledgement of a pause was repeated",
  "activity was ignored after the owner's resume",
  "the owner was active while somebody had paused the host",
  "somebody joined a pause that activity had begun",
  "the broker was not let to resume while the owner was active",
  "a pause that somebody asked for outlasted the quiet",
  "a pause by activity was remembered over a restart",
  "it was remembered over a restart that activity is ignored",
  // The agent's leases.
  "an offer was repeated while it was being accepted",
  "an offer was declined because intake was closed",
  "an offer was declined because the job could not be started before",
  "an acceptance was repeated",
  "an acceptance was answered after intake had closed",
  "an acceptance was given back because nobody answered it",
  "an acceptance came too late",
  "a lease ran out by its holder's clock",
  "a lease was revoked by an event",
  "a lease was stopped while its sandbox was being spawned",
  "a process could not be killed",
  "a job took more than it may",
  "a report was repeated",
  "a report was fenced",
  "a report was refused for good",
  "a lease of an earlier instance was claimed",
  "a result outlived the instance that produced it",
  "a heartbeat's answer named a lease as lost",
  "the broker had forgotten the agent",
  // The agent's ends.
  "strays of an earlier instance were found",
  "strays of an earlier instance could not be ended",
  "a signal was taken for a repeat of the one before",
  "a second signal hurried a shutdown",
  "a third signal ended a shutdown at once",
  "a shutdown came while paused",
  "a shutdown was not answered in time",
  "a withdrawal took a shutdown over",
  "a withdrawal began while paused",
  "a withdrawal was asked for twice",
  "a withdrawal was caused by a revocation",
  "a second signal hurried a withdrawal",
  "a third signal broke a withdrawal off",
  "a withdrawal was resumed at freeze",
  "a withdrawal was resumed at checkpoint",
  "a withdrawal was resumed at terminate",
  "a withdrawal was resumed at hand-back",
  "a withdrawal was resumed at revoke-key",
  "a withdrawal was resumed at remove-autostart",
  "a withdrawal was resumed at close-sockets",
  "a withdrawal was resumed at wipe-directories",
  "a withdrawal was resumed at clear-ledger",
  "a withdrawal found that its key was gone",
  "a withdrawal found that the broker was never told of the agent",
  "a withdrawal did not wait for the broker any longer",
  "a withdrawal was confirmed to an instance that did not live to hear it",
  "a withdrawal was fenced and enrolled again",
  "a withdrawal left something behind",
  // The broker.
  "a call of an earlier instance was fenced",
  "a later instance acted on an inherited lease",
  "a later instance did not know a lease of the one before",
  "a renewal was refused because the lease was over",
  "a renewal was refused because the job was granted again",
  "the store had forgotten a grant, and the epoch leapt",
  "an offer was made again because its answer was lost",
  "an offer lapsed unanswered",
  "an offer was taken back from an agent that takes no work",
  "an accept was repeated and answered alike",
  "an accept found its offer lapsed",
  "a request found the store away",
  "an answer did not wait for the store any longer",
  "a completion was repeated and answered alike",
  "a completion was repeated with another result",
  "a completion was fenced",
  "a hand-back was repeated and answered alike",
  "a hand-back came without its last checkpoint",
  "word of a checkpoint came after that of a later one",
  "a checkpoint was refused because its blobs were not there",
  "a blob expired that nothing referred to",
  "an upload was thrown away because it had not its digest",
  "an unfinished upload went with its lease",
  "an unfinished upload gave way to a later one of its lease",
  "an unfinished upload expired",
  "a lease expired at an agent that was not lost",
  "an agent was lost",
  "a lost agent came back",
  "a lost agent was revoked",
  "an agent that had shut down and did not come back was revoked",
  "a revoked key tried to enrol",
  "a job failed because no agent outlived it",
  "a job ran when its agent died",
  "a job was cancelled while it was leased",
  "a cancelled job was skipped in the queue",
  "a job had waited for long enough after a failed attempt",
  "a hungry agent was woken for a queued job",
  "a job was left to others because an agent could not start it",
  "a drained broker had work for an agent that asked",
  "a drained broker did not make an unheard offer again",
  "a drained broker turned a stranger away",
  "a drained broker said goodbye to one that came late",
  "a broker was drained again",
  // The agents that the broker starts.
  "a drained broker was to start an agent",
  "an execution was to be ended again",
  "an execution was to be ended before its process was there",
  "a process was found of which the broker knew nothing",
  "a broker found an agent again that it had started before",
  "a broker did not find an agent again that it had started before",
  "a command was replayed",
  "a command was repeated and answered alike",
  "a kill overtook its spawn",
] as const;
export type Mark = (typeof marks)[number];

const indexOf = new Map<Mark, number>(marks.map((mark, index) => [mark, index]));
const counts = new Uint32Array(marks.length);
/** Copied as it is, which costs a fraction of naming each mark anew. */
const noneHit = Object.fromEntries(marks.map((mark) => [mark, 0])) as Record<Mark, number>;

/** Notes that this happened. It costs a look-up and an increment, in production as well. */
export function sometimes(mark: Mark): void {
  const index = indexOf.get(mark) as number;
  counts[index] = (counts[index] as number) + 1;
}

/** How often each mark was hit in this thread since the last call; counts anew from here on. */
export function takeMarks(): Readonly<Record<Mark, number>> {
  const taken = { ...noneHit };
  for (let index = 0; index < marks.length; index += 1) {
    if (counts[index] !== 0) taken[marks[index] as Mark] = counts[index] as number;
  }
  forgetMarks();
  return taken;
}

/** Counts anew from here on. */
export function forgetMarks(): void {
  counts.fill(0);
}
