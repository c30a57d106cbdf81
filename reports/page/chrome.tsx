import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { toggleTheme } from "./theme.ts";

/** What stands around every page: the theme's switch and the list of shortcuts. */
export function PageButtons() {
  return (
    <span class="page-buttons">
      <button type="button" onClick={toggleTheme} aria-label="Light or dark" title="Light or dark (t)">
        ◐
      </button>
      <button type="button" onClick={openHelp} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">
        ?
      </button>
    </span>
  );
}

const helpId = "help";

function openHelp(): void {
  const dialog = document.getElementById(helpId);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export type Shortcut = readonly [keys: string, does: string];

/** @param onKey is told of keys that are pressed outside of fields; true where it took one */
export function Shortcuts({
  list,
  onKey,
}: {
  readonly list: readonly Shortcut[];
  readonly onKey: (key: string) => boolean;
}) {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return;
      if (event.key === "?") openHelp();
      else if (event.key === "t") toggleTheme();
      else if (!latest.current(event.key)) return;
      event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
  const all: readonly Shortcut[] = [...list, ["t", "light or dark"], ["?", "this list"], ["Esc", "close"]];
  return (
    <dialog id={helpId} aria-labelledby="help-title">
      <form method="dialog">
        <header>
          <h2 id="help-title">Keyboard</h2>
          <button type="submit" aria-label="Close">
            ×
          </button>
        </header>
        <dl class="keys">
          {all.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </form>
    </dialog>
  );
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}

/** A command, and the button that copies it. */
export function Command({ text }: { readonly text: string }) {
  const copy = (event: Event) => {
    const button = event.currentTarget as HTMLButtonElement;
    void navigator.clipboard.writeText(text).then(
      () => (button.textContent = "copied"),
      () => (button.textContent = "not allowed"),
    );
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" onClick={copy} aria-label="Copy the command">
        copy
      </button>
    </span>
  );
}

export function Section({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="section">
      <h2>
        {title} {note === undefined ? null : <small>{note}</small>}
      </h2>
      {children}
    </section>
  );
}
