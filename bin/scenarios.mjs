#!/usr/bin/env node
import { launch } from "./launch.mjs";

/** What only looks up and says: while one of the others watches a host, nothing of ours is to be written to it. */
const looking = new Set([undefined, "--help", "-h", "help", "list", "show", "checkers", "events", "faults"]);

/**
 * What times others must not be in their way: while pauses were timed on two processors, V8's threads collected this
 * program's garbage on both for up to 9 ms, and the agent that was to pause waited for them.
 */
const flags = process.argv[2] === "run" ? ["--single-threaded-gc"] : [];

await launch("scenarios/cli.ts", { cached: looking.has(process.argv[2]), flags });
