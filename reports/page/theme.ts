/** What the user chose against the system's choice; null where he did not. */
export type Theme = "light" | "dark";

const key = "houseguest-theme";

export function applyStoredTheme(): void {
  const stored = read();
  if (stored !== null) document.documentElement.dataset["theme"] = stored;
}

/** To the other one than what is shown. */
export function toggleTheme(): void {
  const next: Theme = shownTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = next;
  try {
    localStorage.setItem(key, next);
  } catch {
    // A page of a file may be refused its storage: the choice lasts as long as the page.
  }
  document.dispatchEvent(new Event("themechange"));
}

export function shownTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function read(): Theme | null {
  try {
    const stored = localStorage.getItem(key);
    return stored === "light" || stored === "dark" ? stored : null;
  } catch {
    return null;
  }
}
