/// <reference lib="dom" />
/** The token of servers that ask for one: typed by the reader, kept for this tab alone, sent in headers and never in a URL. */
import { need } from "./element.ts";

const KEY = "tickcast.token";
let current: string | undefined;

/** The token, or an empty text where there is none. */
export function pageToken(): string {
  try {
    return current ??= sessionStorage.getItem(KEY) ?? "";
  } catch {
    return current ??= "";
  }
}

function keepToken(token: string): void {
  current = token;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Kept until the page is left, then.
  }
}

/** Headers of the page's own requests. */
export const tokenHeaders = (): Record<string, string> => {
  const token = pageToken();
  return token ? { authorization: `Bearer ${token}` } : {};
};

/** Codes after which a token (or another one) may help. */
export const asksForToken = (code: string): boolean =>
  ["UNAUTHORIZED", "AUTH_EXPIRED", "FORBIDDEN", "HTTP_401", "HTTP_403"].includes(code);

/** Wires the form that asks for a token; `entered` is called when there is a new one. */
export function startTokenForm(entered: () => void): void {
  const input = need("token", HTMLInputElement);
  need("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    input.value = "";
    showTokenForm(false);
    entered();
  });
}

/** Asks for a token, or stops asking. */
export function showTokenForm(isShown: boolean): void {
  need("token-form").hidden = !isShown;
  if (isShown) need("token").focus();
}
