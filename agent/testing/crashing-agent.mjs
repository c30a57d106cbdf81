import { launch } from "../../bin/launch.mjs";

// As the real one is started: from the bundle that `npm test` makes, where there is one.
await launch("agent/testing/crashing-agent.ts");
