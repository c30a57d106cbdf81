/**
 * What a job of the catalogue's may take beyond what its scenario waits for anyway, in milliseconds: about a second of
 * work and its start, on a machine that has no processor to spare. So a wait that is long enough for a few jobs is so for
 * hundreds (`--jobs`).
 */
export const perJobMs = 5_000;
