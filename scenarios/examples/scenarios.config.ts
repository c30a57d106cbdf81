import { defineConfig } from "houseguest";

export default defineConfig({
  scenarios: ["*-*.ts"],
  output: "../../.scenarios",
  timeout: "2m",
  retries: 1,
  reporter: ["list", "junit=results.xml"],
  timing: { terminateGraceMs: 2_000 },
  artifacts: [],
});
