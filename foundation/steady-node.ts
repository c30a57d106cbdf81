/**
 * What Node is started with that runs an agent for as long as it lives. What keeps the agent from its next line is V8's
 * collector, and a pause waits for it; its threads are on the processors on which the jobs should have stopped. So it has
 * none, and room for what an agent keeps and throws away meanwhile. V8 takes both only at its start.
 */
export const steadyNodeFlags: readonly string[] = ["--single-threaded-gc", "--initial-old-space-size=64"];
