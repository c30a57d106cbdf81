/** Later than any run of a scenario lasts, in milliseconds: whoever is down stays so until a step starts it. */
export const neverMs = 1_000_000_000_000;
