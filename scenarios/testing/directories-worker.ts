import { workerData } from "node:worker_threads";

import { checkDirectory, makeDirectories } from "../make-directories.ts";

export interface DirectoriesTask {
  readonly does: "looks" | "makes";
  readonly place: string;
}

const rounds = 2000;

const { does, place } = workerData as DirectoriesTask;
for (let round = 0; round < rounds; round++) {
  if (does === "looks") checkDirectory(`${place}/plans/new`);
  else makeDirectories(`${place}/${round}/a/b`);
}
