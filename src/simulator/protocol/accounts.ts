/**
 * Who may do what: accounts with their keys, plans and connection quota. Read from `--accounts FILE`
 * (`fixtures/accounts/example.json` shows every field); without a file any key opens one account with everything.
 */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";
import { CLUSTERS } from "../feed_path.ts";

/** Who goes when an account is over its quota. Sources differ on the real service; the oldest is the documented one. */
export const QUOTA_POLICIES = ["evict-oldest", "refuse-newest", "random"] as const;
/** One of {@link QUOTA_POLICIES}. */
export type QuotaPolicy = (typeof QUOTA_POLICIES)[number];

const PROBLEMS_SHOWN = 10;
const PROBLEM_MAX_CHARS = 80;

const Channels = z.array(z.string().regex(/^[A-Z]+$/, "a channel prefix such as T, AM or FMV")).min(1);

const MarketPlan = z.strictObject({
  /** Channels on the real-time host. */
  realtime: Channels.optional(),
  /** Channels on the business host; without it the key is no business key. */
  business: Channels.optional(),
});

const Account = z.strictObject({
  name: z.string().min(1),
  keys: z.array(z.string().min(1)).min(1),
  /** Connections at once, counted per market cluster over all hosts and keys; one number, or one per market. */
  quota: z.union([
    z.number().int().positive(),
    z.partialRecord(z.enum(CLUSTERS), z.number().int().positive()),
  ])
    .default(1),
  policy: z.enum(QUOTA_POLICIES).default("evict-oldest"),
  /** The plan by market; a market that is left out has no WebSocket access (`auth_failed`, plan text). */
  markets: z.partialRecord(z.enum(CLUSTERS), MarketPlan),
  /** Real-time entitlement: `delayed` and `unsigned` authenticate and are then refused in words. */
  realtimeAccess: z.enum(["granted", "delayed", "unsigned"]).default("granted"),
  /** What the business host tells a key without it: not established for the real one, so both can be had. */
  businessRefusal: z.enum(["auth_failed", "not_authorized"]).default("auth_failed"),
});

const AccountsFile = z.strictObject({
  accounts: z.array(Account).min(1),
  /** Name of the account that keys not listed belong to; without it they are bad keys. */
  anyKey: z.string().optional(),
}).superRefine((file, context) => {
  const seen = new Map<string, string>();
  for (const account of file.accounts) {
    for (const key of account.keys) {
      const owner = seen.get(key);
      if (owner !== undefined) context.addIssue(`accounts ${owner} and ${account.name} share a key`);
      seen.set(key, account.name);
    }
  }
  if (new Set(file.accounts.map((account) => account.name)).size < file.accounts.length) {
    context.addIssue("two accounts have the same name");
  }
  if (file.anyKey !== undefined && !file.accounts.some((account) => account.name === file.anyKey)) {
    context.addIssue(`anyKey names no account: ${file.anyKey}`);
  }
});

/** One account. */
export type Account = z.infer<typeof Account>;
/** What {@link parseAccounts} accepts, defaults left out. */
export type AccountsInput = z.input<typeof AccountsFile>;
/** All of them. */
export type Accounts = z.infer<typeof AccountsFile>;

/**
 * Checks accounts as read from a file or given by a test.
 * @throws {TickcastError} SETTINGS with the first problems, one a line; keys are not repeated in it.
 */
export function parseAccounts(input: unknown): Accounts {
  const read = AccountsFile.safeParse(input);
  if (read.success) return read.data;
  const problems = read.error.issues.slice(0, PROBLEMS_SHOWN).map((issue) =>
    `  ${issue.path.join(".") || "accounts"}: ${issue.message}`.slice(0, PROBLEM_MAX_CHARS)
  );
  throw new TickcastError("SETTINGS", `Cannot take accounts as they are wrong:\n${problems.join("\n")}`);
}

/** Connections an account may have at once in a cluster. */
export const quotaOf = (account: Account, cluster: (typeof CLUSTERS)[number]): number =>
  typeof account.quota === "number" ? account.quota : account.quota[cluster] ?? 1;

/** The account of a key; undefined for a bad one. */
export const accountOfKey = (accounts: Accounts, key: string): Account | undefined =>
  accounts.accounts.find((account) => account.keys.includes(key)) ??
    accounts.accounts.find((account) => account.name === accounts.anyKey);

/** Without a file: any key, every channel with data, three connections a market (a business plan's quota). */
export const OPEN_ACCOUNTS: Accounts = parseAccounts(
  {
    accounts: [{
      name: "demo",
      keys: ["simulator"],
      quota: 3,
      markets: {
        stocks: { realtime: ["T", "A", "AM"], business: ["FMV", "AM"] },
        crypto: { realtime: ["XT", "XAS", "XA"], business: ["FMV", "XA"] },
      },
    }],
    anyKey: "demo",
  } satisfies AccountsInput,
);
