/** Real Chromium for tests: one browser a file, a fresh context a test, and everything the page complains about kept. */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { type RealPart, realPart } from "./real_parts.ts";

/** Give `ignore` and `note` to the tests. */
export const chromiumPart: RealPart = realPart("chromium");

/** How long a real browser may take for anything, on a machine that is busy with others. */
export const BROWSER_LIMIT_MS = 45_000;

/** Chromium must not look for its maker's hosts: the network of a test machine is closed. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** A page and what it complained about. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors and warnings, uncaught errors, breaches of the content security policy. */
  readonly complaints: string[];
}

/** How a page is opened. */
export interface PageShape {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "dark" | "light";
  readonly isPhone?: boolean;
}

/** A running browser. */
export class TestBrowser implements AsyncDisposable {
  private constructor(readonly browser: Browser) {}

  /** @param keepsPages With the back/forward cache, which the driver switches off otherwise. */
  static async launch(keepsPages = false): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({
        executablePath: chromiumPart.path,
        args: ARGUMENTS,
        ignoreDefaultArgs: keepsPages ? ["--disable-back-forward-cache"] : [],
      }),
    );
  }

  /** Process ids of the pages. */
  async pageProcesses(): Promise<number[]> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  }

  /** A page of its own context: nothing of another test is in it. */
  async open(
    { width = 1440, height = 900, theme = "dark", isPhone = false }: PageShape = {},
  ): Promise<OpenPage> {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      isMobile: isPhone,
      hasTouch: isPhone,
    });
    context.setDefaultTimeout(BROWSER_LIMIT_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}
