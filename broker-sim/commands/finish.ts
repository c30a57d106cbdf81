import type { ExitCode } from "../../foundation/exit-codes.ts";

/** What a command tells the program when it is done. */
export type Finish = (exitCode: ExitCode) => void;
