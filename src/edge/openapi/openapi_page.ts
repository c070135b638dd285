/**
 * `/docs`: the same table for people. One plain page with a style sheet of its own; no script, nothing from
 * elsewhere.
 */
import { ACCESS_WORDS, OPERATIONS } from "./openapi_document.ts";
import type { Operation, Parameter, Reply } from "./openapi_operation.ts";

/** Where the page's style is served: the policy for pages allows no inline one. */
export const DOCS_STYLE_PATH = "/docs.css";

/** The page's style; follows the reader's light or dark scheme. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886; }
article { margin: 1.5rem 0; padding-left: 1rem; border-left: 3px solid #8886; }
h3 { margin: 0; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
.access { opacity: .75; font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; font-size: .9rem; }
dt { font-family: ui-monospace, monospace; }
dd { margin: 0; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-left: 1rem; } }
`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string => text.replace(/[&<>"]/g, (one) => ESCAPES[one] ?? one);

/** The page. */
export function docsPage(version: string): string {
  const groups = Map.groupBy(OPERATIONS, ({ group }) => group);
  const sections = [...groups].map(([group, operations]) =>
    `<section aria-labelledby="${group}"><h2 id="${group}">${group}</h2>${
      operations.map(article).join("")
    }</section>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tickcast HTTP</title>
<link rel="stylesheet" href="${DOCS_STYLE_PATH}">
</head>
<body>
<main>
<h1>tickcast ${escape(version)}</h1>
<p>Every HTTP route of an edge. For programs: <a href="/openapi.json">openapi.json</a>, and <a href="/asyncapi.json">asyncapi.json</a> for what is said on a socket. Errors are <code>{"error":{"code","message"}}</code>.</p>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function article({ method, path, summary, about, access, parameters, replies }: Operation): string {
  return `<article><h3>${method.toUpperCase()} ${escape(path)}</h3><p>${escape(summary)}.</p>${
    about === undefined ? "" : `<p>${escape(about)}</p>`
  }<p class="access">${ACCESS_WORDS[access]}</p>${
    list("Parameters", (parameters ?? []).map(({ name, about }: Parameter) => [name, about]))
  }${
    list("Answers", Object.entries(replies).map(([status, { about }]: [string, Reply]) => [status, about]))
  }</article>`;
}

function list(label: string, rows: readonly (readonly [term: string, about: string])[]): string {
  if (rows.length === 0) return "";
  const body = rows.map(([term, about]) => `<dt>${escape(term)}</dt><dd>${escape(about)}</dd>`).join("");
  return `<dl aria-label="${label}">${body}</dl>`;
}
