/** That a run is a further attempt, where it is one: whoever reads it alone would take it for a pass like any other. */
export function retryRecord({ retryOf = [] }: { readonly retryOf?: readonly string[] | undefined }): {
  retryOf?: string[];
} {
  return retryOf.length === 0 ? {} : { retryOf: [...retryOf] };
}
