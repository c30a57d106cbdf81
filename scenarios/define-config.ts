import type { ConfigInput } from "./config.ts";

/** What `scenarios.config.ts` may say; everything is optional, and the command line wins over it. */
export type HouseguestConfig = ConfigInput;

/** To be the default export of `scenarios.config.ts`. */
export function defineConfig(config: HouseguestConfig): HouseguestConfig {
  return config;
}
