import { join } from "node:path";

import { historyVariable, jobEnvironment, runMarker } from "../../protocol/job-environment.ts";
import type { SandboxRequest } from "./port.ts";
import { progressFileName, resultFileName, temporaryDirectoryName } from "./workspace.ts";

/** Variables that a job's own environment cannot set: they say whose the process is. */
const reserved: ReadonlySet<string> = new Set([...Object.values(jobEnvironment), runMarker, historyVariable]);

/**
 * The whole environment of a job: nothing of the agent's own but its search path, its language and the run marker.
 *
 * @param environment the agent's
 */
export function jobEnvironmentOf({
  request,
  environment,
  defaultPath,
}: {
  readonly request: SandboxRequest;
  readonly environment: NodeJS.ProcessEnv;
  readonly defaultPath: string;
}): Record<string, string> {
  const { workspace } = request;
  const own = Object.entries(request.job.environment).filter(([name]) => !reserved.has(name));
  const run = environment[runMarker];
  return {
    PATH: environment["PATH"] ?? defaultPath,
    LANG: environment["LANG"] ?? "C.UTF-8",
    HOME: workspace,
    ...Object.fromEntries(own),
    TMPDIR: join(workspace, temporaryDirectoryName),
    [jobEnvironment.jobId]: request.jobId,
    [jobEnvironment.leaseId]: request.leaseId,
    [jobEnvironment.epoch]: String(request.epoch),
    [jobEnvironment.agentId]: request.agentId,
    [jobEnvironment.workspace]: workspace,
    [jobEnvironment.progressFile]: join(workspace, progressFileName),
    [jobEnvironment.resultFile]: join(workspace, resultFileName),
    ...(run === undefined ? {} : { [runMarker]: run }),
  };
}
