/// <reference lib="dom" />
/** Light or dark: the system's choice until the reader makes one. */
import { need } from "./element.ts";

const KEY = "tickcast.theme";

/** Storage may be forbidden (private windows, blocked cookies); the page works without. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** See {@link readStored}. */
export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Not kept, then.
  }
}

/** Whether the page is dark now. */
export const isDark = (): boolean => document.documentElement.dataset.theme === "dark";

/** Wires the button `#theme`; `changed` is called after every change, so that canvases can take the new colours. */
export function startTheme(changed: () => void): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = need("theme", HTMLButtonElement);
  const apply = () => {
    const stored = readStored(KEY);
    const dark = stored === "dark" || (stored !== "light" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-label", dark ? "Switch to light theme" : "Switch to dark theme");
    changed();
  };
  button.addEventListener("click", () => {
    writeStored(KEY, isDark() ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

/** The value of a colour of the style sheet. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
