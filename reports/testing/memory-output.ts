import type { ReporterOutput } from "../reporter.ts";

/** An output that keeps what is written. */
export interface MemoryOutput extends ReporterOutput {
  text(): string;
  columns: number;
}

export function memoryOutput(over: Partial<Omit<ReporterOutput, "write">> = {}): MemoryOutput {
  let written = "";
  return {
    columns: 100,
    color: false,
    live: false,
    ...over,
    write: (text) => {
      written += text;
    },
    text: () => written,
  };
}
