import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TickcastError } from "../../src/feed/error.ts";
import {
  HttpAnswerError,
  RedisReplyError,
  REPLY_TABLE,
  storeFailure,
} from "../../src/store/store_failure.ts";
import { TimeLimitError } from "../../src/feed/time_limit.ts";

const pure = (name: string, fn: () => void) =>
  Deno.test({ name: `store failure: ${name}`, permissions: "none", fn });
const told = (error: unknown) => {
  const failure = storeFailure(error);
  return [failure.code, failure.message] as const;
};

pure("every reply Redis and Upstash document is retried or refused as the table says", () => {
  for (
    const [reply, code] of [
      ["LOADING Redis is loading the dataset in memory", "STORE_UNAVAILABLE"],
      ["READONLY You can't write against a read only replica.", "STORE_UNAVAILABLE"],
      [
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "STORE_UNAVAILABLE",
      ],
      ["CLUSTERDOWN The cluster is down", "STORE_UNAVAILABLE"],
      ["TRYAGAIN Multiple keys request during rehashing of slot", "STORE_UNAVAILABLE"],
      ["NOREPLICAS Not enough good replicas to write.", "STORE_UNAVAILABLE"],
      ["BUSY Redis is busy running a script.", "STORE_UNAVAILABLE"],
      ["ERR max number of clients reached", "STORE_UNAVAILABLE"],
      ["NOAUTH Authentication required.", "STORE_REFUSED"],
      ["ERR Protocol error: unauthenticated multibulk length", "STORE_REFUSED"],
      ["WRONGPASS invalid username-password pair or user is disabled.", "STORE_REFUSED"],
      ["ERR invalid password", "STORE_REFUSED"],
      ["NOPERM this user has no permissions to run the 'eval' command", "STORE_REFUSED"],
      ["WRONGTYPE Operation against a key holding the wrong kind of value script: 5ca1ab1e", "STORE_REFUSED"],
      [
        "ERR Error running script (call to f_5ca): @user_script:5: WRONGTYPE Operation against",
        "STORE_REFUSED",
      ],
      ["OOM command not allowed when used memory > 'maxmemory'.", "STORE_REFUSED"],
      ["MISCONF Redis is configured to save RDB snapshots", "STORE_REFUSED"],
      ["DENIED Redis is running in protected mode", "STORE_REFUSED"],
      ["MOVED 3999 127.0.0.1:6381", "STORE_REFUSED"],
      ["CROSSSLOT Keys in request don't hash to the same slot", "STORE_REFUSED"],
      ["ERR max requests limit exceeded. Limit: 500000, Usage: 500000.", "STORE_REFUSED"],
      ["ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.", "STORE_REFUSED"],
      ["ERR DB capacity quota exceeded", "STORE_REFUSED"],
      ["ERR max request size exceeded. Limit: 10485760 bytes", "STORE_REFUSED"],
      ["ERR unknown command 'GETDEL', with args beginning with: 'x'", "STORE_REFUSED"],
      ["ERR something new", "STORE_REFUSED"],
      ["", "STORE_REFUSED"],
    ] as const
  ) assertEquals(told(new RedisReplyError(reply))[0], code, reply);
});

pure("each row of the table can be reached", () => {
  for (const { mark, code, words } of REPLY_TABLE) {
    assertEquals(told(new RedisReplyError(`ERR x ${mark} y`)), [code, `Cannot use Redis as ${words}`]);
  }
});

pure("HTTP answers that are no replies are told apart", () => {
  for (
    const [status, isJson, code, words] of [
      [401, true, "STORE_REFUSED", "UPSTASH_REDIS_REST_TOKEN"],
      [403, false, "STORE_REFUSED", "UPSTASH_REDIS_REST_TOKEN"],
      [404, true, "STORE_REFUSED", "no Upstash REST API"],
      [404, false, "STORE_UNAVAILABLE", "not JSON"],
      [413, false, "STORE_REFUSED", "larger than"],
      [301, false, "STORE_REFUSED", "UPSTASH_REDIS_REST_URL"],
      [429, true, "STORE_UNAVAILABLE", "HTTP 429"],
      [500, true, "STORE_UNAVAILABLE", "HTTP 500"],
      [502, false, "STORE_UNAVAILABLE", "HTTP 502, not JSON"],
      [200, false, "STORE_UNAVAILABLE", "HTTP 200, not JSON"],
    ] as const
  ) {
    const [found, message] = told(new HttpAnswerError(status, isJson));
    assertEquals(found, code, `${status}`);
    assert(message.includes(words), message);
  }
});

pure("the network is always worth another try, and its code is shown", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:6379"), { code: "ECONNREFUSED" });
  assertEquals(told(refused), [
    "STORE_UNAVAILABLE",
    "Cannot use Redis as it can't be reached (ECONNREFUSED)",
  ]);
  const wrapped = new TypeError("error sending request for url (https://SECRET)", { cause: refused });
  assertEquals(told(wrapped)[1], "Cannot use Redis as it can't be reached (ECONNREFUSED)");
  for (const other of [new Error("x"), "text", undefined, null, { code: "no error" }]) {
    assertEquals(told(other), ["STORE_UNAVAILABLE", "Cannot use Redis as it can't be reached"]);
  }
  assertEquals(told(new TimeLimitError(3000))[1], "Cannot use Redis as it did not answer within 3000 ms");
});

pure("what was told already is passed through as it is", () => {
  const error = new TickcastError("OVERLOADED", "x");
  assert(storeFailure(error) === error);
});

pure("no text of a reply, an answer or an exception gets into a message but a leading code word", () => {
  const secret = fc.stringMatching(/^[a-z0-9]{12,40}$/);
  fc.assert(
    fc.property(secret, fc.constantFrom("ERR", "WRONGTYPE", "err", "", "X"), (text, word) => {
      for (
        const error of [
          new RedisReplyError(`${word} ${text}`),
          new Error(text, { cause: new Error(text) }),
          Object.assign(new Error(text), { code: text }),
        ]
      ) {
        const failure = storeFailure(error);
        assert(!`${failure.message}${Deno.inspect(failure.cause)}`.includes(text), failure.message);
      }
    }),
    { seed: 13 },
  );
});
