/** Where a key leads in a list; undefined where it means something else. */
export function listKey(
  { key, ctrlKey, altKey, metaKey }: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">,
  { selected, count, page }: { readonly selected: number; readonly count: number; readonly page: number },
): number | undefined {
  if (count === 0 || ctrlKey || altKey || metaKey) return undefined;
  const within = (index: number) => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case "ArrowDown":
    case "j":
      return within(selected + 1);
    case "ArrowUp":
    case "k":
      return within(selected - 1);
    case "PageDown":
      return within(selected + page);
    case "PageUp":
      return within(selected - page);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
