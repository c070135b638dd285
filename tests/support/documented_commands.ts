/** The commands of the documents, as a reader would copy them. */
const root = new URL("../../", import.meta.url);

/** One command and where it stands. */
export interface DocumentedCommand {
  readonly page: string;
  /** Lines joined, the remark behind it taken off. */
  readonly text: string;
}

const SHELL_BLOCK = /```(sh|bash|shell|console)\n([\s\S]*?)```/g;
const OTHER_BLOCK = /```(\w*)\n([\s\S]*?)```/g;
const LOOKS_LIKE_SHELL =
  /^(?:[A-Z_]+=\S+ )*(curl|deno|docker|npx|npm|redis-\w+|nginx|websocat|export|k6|git) /m;

const pages = (): string[] => [
  "README.md",
  ...[...Deno.readDirSync(new URL("docs/", root))].map(({ name }) => `docs/${name}`).filter((name) =>
    name.endsWith(".md")
  ),
];

/** Every command in every block of shell, in the order of the pages. */
export function documentedCommands(): readonly DocumentedCommand[] {
  return pages().sort().flatMap((page) => {
    const text = Deno.readTextFileSync(new URL(page, root));
    return [...text.matchAll(SHELL_BLOCK)].flatMap(([, , block]) =>
      (block ?? "").replaceAll(/\\\n\s*/g, "").split("\n").map((line) => line.replace(/\s+# .*$/, "").trim())
        .filter((line) => line !== "" && !line.startsWith("#")).map((line) => ({ page, text: line }))
    );
  });
}

/** Blocks that hold commands but don't say so, by page: nobody would run those. */
export function hiddenCommands(): readonly string[] {
  return pages().flatMap((page) => {
    const text = Deno.readTextFileSync(new URL(page, root));
    const others = [...text.matchAll(OTHER_BLOCK)].filter(([, language]) =>
      !["sh", "bash", "shell", "console"].includes(language ?? "")
    );
    return others.filter(([, , block]) => LOOKS_LIKE_SHELL.test(block ?? "")).map(([, , block]) =>
      `${page}: ${block?.split("\n")[0]}`
    );
  });
}
