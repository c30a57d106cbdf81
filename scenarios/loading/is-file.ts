/** Whether a word of the command line names a file and no scenario: names have no dots, and globs name no file. */
export function isFile(word: string): boolean {
  return /\.[cm]?[jt]s$/.test(word) && !/[*?[{]/.test(word);
}
