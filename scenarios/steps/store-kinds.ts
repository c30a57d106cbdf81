/** Where the broker of a run keeps its records; `redis` is a server of the harness's own. */
export const storeKinds = ["memory", "sqlite", "redis"] as const;
export type StoreKind = (typeof storeKinds)[number];
