/**
 * A word that every POSIX shell reads literally (XCU 2.2); quoted only where it must be. Whoever puts it into another
 * language still, like crontab(5) with its percent sign, escapes it for that as well.
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
