/** The agent's words for what its owner's activity makes it do. */

/** Whether that is why it froze. */
export function isByActivity(trigger: string): boolean {
  return trigger.startsWith("owner activity");
}

/** Whether that is why the broker was not let to resume. */
export function isForActivity(reason: string): boolean {
  return reason.startsWith("the owner is active");
}

/** Whether it lets go because nothing was noticed any more. */
export function isByQuiet(trigger: string): boolean {
  return trigger.startsWith("quiet for");
}
