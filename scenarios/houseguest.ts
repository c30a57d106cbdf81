/**
 * What a scenario's author imports: `import { defineScenario } from "houseguest"`. Nothing else of this package is meant
 * for others.
 */
export { defineConfig, type HouseguestConfig } from "./define-config.ts";
export {
  type AgentCommand,
  type AgentDefinition,
  defineAgent,
  type ForeignAgent,
  type ForeignJobs,
} from "./foreign/define-agent.ts";
export { defineScenario, type ScenarioDefinition } from "./steps/define-scenario.ts";
export { defineStep } from "./steps/define-step.ts";
export type { Fact } from "./steps/facts.ts";
export type { ScenarioKnobs } from "./steps/scenario.ts";
export type { Step } from "./steps/step.ts";
export type { HostStepStage, SimStepStage } from "./steps/step-stage.ts";
