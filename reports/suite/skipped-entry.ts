import type { Skipped, SuiteEntry } from "../../protocol/suite.ts";

/** An entry that this machine cannot run, and why. */
export type SkippedEntry = SuiteEntry & { readonly skipped: Skipped };
