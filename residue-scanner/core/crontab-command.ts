/** Shorter commands stand in many lines by chance. */
const charactersMin = 4;
/** The times that stand before the command in a line of crontab(5): five fields, or one word like @daily. */
const times = /^(?:@\S+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+/;
const byShell = /^\S*sh -c /;

/**
 * How surely a command line is what a line of a crontab asks for: 0 for not at all. cron has a shell run the command;
 * the shell may have become the last program of it, and quotes are gone by then.
 */
export function likenessOf(commandLine: string, line: string): number {
  const command = line.replace(times, "");
  if (command === line) return 0;
  // In a table of the system's own the user stands before the command.
  const asked = [command, command.replace(/^\S+\s+/, "")].map(plain);
  const done = plain(commandLine.replace(byShell, ""));
  if (done.length < charactersMin) return 0;
  if (asked.includes(done)) return wholeLikeness + done.length;
  return asked.some((each) => ` ${each} `.includes(` ${done} `)) ? done.length : 0;
}
const wholeLikeness = 1_000_000;

/** The same for a script in one of cron's directories. */
export function scriptLikeness(commandLine: string, file: string): number {
  return ` ${plain(commandLine)} `.includes(` ${file} `) ? wholeLikeness + file.length : 0;
}

/** What stands behind a percent sign goes to the command's standard input. */
function plain(command: string): string {
  return command
    .replace(/(?<!\\)%.*$/, "")
    .replaceAll("\\%", "%")
    .replaceAll(/["']/g, "")
    .replaceAll(/[\s;]+/g, " ")
    .trim();
}
