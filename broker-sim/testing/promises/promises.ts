/** What a broker promises of security, word for word as in docs/security.md, and the proof of each. */
export type Promises = Readonly<Record<string, () => Promise<void>>>;
