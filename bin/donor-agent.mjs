#!/usr/bin/env node
import { launch } from "./launch.mjs";

/**
 * What keeps the agent from its next line is V8's collector, and a pause waits for it: in a hundred pauses and resumes it
 * went eleven times through the whole heap, for 7 ms each, and three of its threads were then on the processors on
 * which the jobs should have stopped. With room for what an agent keeps and throws away in hours, and no threads, it
 * does so once. Only the process that lives has these, not the commands that ask it.
 */
const steady = ["--single-threaded-gc", "--initial-old-space-size=64"];

await launch("agent/cli.ts", { flags: process.argv.includes("--foreground") ? steady : [] });
