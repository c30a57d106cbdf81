/** What a command hands back to the shell. */
export type Finish = (exitCode: number) => void;
