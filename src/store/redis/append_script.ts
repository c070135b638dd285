/**
 * The append, in Lua: one script, all or nothing (`docs/redis.md`, Append). `append_decision.ts` says the same rule for
 * memory. Every key is read, or pushed to, before anything else is written, so another type at any of them ends the script
 * with nothing changed: Redis raises WRONGTYPE from the call itself.
 *
 * Billed on Upstash: 9 commands in the steady state (EVALSHA, HGET lease, HMGET head, HMGET last, RPUSH, LTRIM, HSET last,
 * HSET head, PUBLISH), whatever the batch's size. That the list is whole is read off RPUSH's reply instead of asking LLEN:
 * in the rare case it isn't, what was pushed is deleted again within the same script.
 */
import { TickcastError } from "../../feed/error.ts";
import type { AppendReply, AppendRequest } from "../../feed/store.ts";
import { lastCandidates } from "../batch_plan.ts";
import type { KeyNames } from "../key_names.ts";
import { numberOf, positionOf } from "./reply_shape.ts";
import { Script } from "./script.ts";

/** KEYS: lease, head, list, last. ARGV: see {@link appendArguments}. Reply: {billed, outcome, …}. */
export const APPEND_SCRIPT = new Script(`
local billed = 1
local function call(...)
  billed = billed + 1
  return redis.call(...)
end
local function text(number) return string.format('%.0f', number) end
local MOST = 9007199254740991
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
local function from36(word)
  local value = 0
  for i = 1, #word do value = value * 36 + string.find(DIGITS, string.sub(word, i, i), 1, true) - 1 end
  return value
end
local function to36(value)
  local word = ''
  for _ = 1, 8 do
    local digit = value % 36
    word = string.sub(DIGITS, digit + 1, digit + 1) .. word
    value = (value - digit) / 36
  end
  return word
end

local fence = call('HGET', KEYS[1], 'fence') or '0'
if tonumber(fence) ~= tonumber(ARGV[1]) then return {billed, 'fenced', fence} end

local expectedEpoch, expectedSeq, batch = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local cap, count = tonumber(ARGV[6]), tonumber(ARGV[10])
local head = call('HMGET', KEYS[2], 'epoch', 'seq', 'batch')
local epoch, seq = head[1] or '', tonumber(head[2] or '')
local known = #epoch == 8 and not string.find(epoch, '[^0-9a-z]') and
  seq ~= nil and seq >= 0 and seq <= MOST and seq == math.floor(seq)
local extends = false
if known then
  if head[3] == batch and seq >= count then
    if call('LLEN', KEYS[3]) == math.min(seq, cap) then
      return {billed, 'applied', epoch, text(seq - count + 1), text(seq)}
    end
  elseif epoch == expectedEpoch and expectedSeq < seq then
    return {billed, 'behind', epoch, text(seq)}
  else
    extends = epoch == expectedEpoch and expectedSeq == seq and seq + count <= MOST
  end
end

local fields, latest = {}, {}
for i = 11 + count, #ARGV, 3 do fields[#fields + 1] = ARGV[i] end
if #fields > 0 then
  latest = call('HMGET', KEYS[4], unpack(fields))
elseif not extends then
  call('HLEN', KEYS[4])
end

local elements = {}
local function push(epoch, seq)
  for i = 1, count do
    elements[i] = '{"id":"' .. ARGV[7] .. epoch .. '-' .. text(seq + i) .. '",' .. ARGV[10 + i]
  end
  return call('RPUSH', KEYS[3], unpack(elements))
end

local length = 0
if extends then
  length = push(epoch, seq)
  extends = length == math.min(seq, cap) + count
end
if not extends then
  call('LLEN', KEYS[3])
  local time = call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local following = math.max(now, from36(expectedEpoch) + 1, known and from36(epoch) + 1 or 0)
  if following >= 36 ^ 8 then return redis.error_reply('TICKCASTEPOCH') end
  epoch = to36(following)
  call('DEL', KEYS[3], KEYS[4])
  seq, latest = 0, {}
  length = push(epoch, seq)
end
if length > cap then call('LTRIM', KEYS[3], -cap, -1) end

local newest = {}
for i, field in ipairs(fields) do
  local at = 11 + count + (i - 1) * 3
  local old = latest[i] and
    tonumber(string.match(latest[i], '^{"id":"[^"]*","type":"[^"]*","sym":"[^"]*","t":(%-?%d+)'))
  if not old or tonumber(ARGV[at + 1]) >= old then
    newest[#newest + 1] = field
    newest[#newest + 1] = elements[tonumber(ARGV[at + 2])]
  end
end
if #newest > 0 then call('HSET', KEYS[4], unpack(newest)) end
local last = text(seq + count)
call('HSET', KEYS[2], 'epoch', epoch, 'seq', last, 'batch', batch, 'pull_ms', ARGV[5])
call('PUBLISH', ARGV[8], ARGV[9] .. ' ' .. epoch .. '-' .. last)
return {billed, 'applied', epoch, text(seq + 1), last}
`);

/** The script's keys. */
export const appendKeys = (names: KeyNames, list: string): readonly string[] => [
  names.lease,
  names.head(list),
  names.list(list),
  names.last(list),
];

/**
 * The script's arguments: fence, expected epoch and seq, batch, pull_ms, cap, what stands before the epoch in ids, channel,
 * list, number of bodies, the bodies without their first brace, then (field, t, body from 1) of each candidate for `last`.
 */
export function appendArguments(names: KeyNames, request: AppendRequest): readonly string[] {
  const { list, expected, bodies } = request;
  const dot = list.indexOf(".");
  const args = [
    String(request.fence),
    expected.epoch,
    String(expected.seq),
    request.batch,
    String(request.pullMs),
    String(request.capEvents),
    dot < 0 ? "" : `${list.slice(dot + 1)}.`,
    names.hint,
    list,
    String(bodies.length),
  ];
  for (const body of bodies) args.push(body.text.slice(1));
  for (const { field, t, index } of lastCandidates(bodies)) args.push(field, String(t), String(index + 1));
  return args;
}

/** Reads the script's reply. @throws {TickcastError} STORE_REFUSED when it is none of ours. */
export function readAppendReply(reply: readonly unknown[]): AppendReply {
  const [, outcome, first, second, third] = reply;
  switch (outcome) {
    case "fenced":
      return { outcome, fence: numberOf(first) };
    case "behind":
      return { outcome, head: positionOf(first, second) };
    case "applied": {
      const { epoch, seq: firstSeq } = positionOf(first, second);
      const { seq: lastSeq } = positionOf(epoch, third);
      return { outcome, epoch, firstSeq, lastSeq, fresh: firstSeq === 1 };
    }
    default:
      throw new TickcastError("STORE_REFUSED", "Cannot read the reply of the append as it is not ours");
  }
}
