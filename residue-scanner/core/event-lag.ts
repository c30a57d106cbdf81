/**
 * The kernel's file events bear no time: a touch has that of its reading, which is later, on a busy host by as much as
 * this, in ms. What processes and calls bear is exact. So a touch that seems later than what came of it may not be.
 */
export const eventLagMs = 500;
