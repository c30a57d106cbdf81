/** Whether it can stand in a header, in an environment and on a command line as it is. */
export function isWord(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}
