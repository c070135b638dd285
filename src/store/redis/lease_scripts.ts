/** The lease, in Lua: compare and set by the store's own clock. Billed on Upstash: 4, 4 and 3 commands. */
import { Script } from "./script.ts";

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/** KEYS: lease. ARGV: owner, fence seen, lease ms. Reply: {billed} or {billed, owner, fence, until, now}. */
export const TAKE_LEASE = new Script(`
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') or 0
if fence ~= tonumber(ARGV[2]) then return {2} end
${NOW}
local taken, till = text(math.max(fence + 1, now)), text(now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', taken, 'until', till)
return {4, ARGV[1], taken, till, text(now)}
`);

/** KEYS: lease. ARGV: fence, lease ms. Reply: {billed, 1 or 0}. */
export const RENEW_LEASE = new Script(`
local held = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if tonumber(held[1] or '') ~= tonumber(ARGV[1]) or (held[2] or '') == '' then return {2, 0} end
${NOW}
redis.call('HSET', KEYS[1], 'until', text(now + tonumber(ARGV[2])))
return {4, 1}
`);

/** KEYS: lease. ARGV: fence. Reply: {billed, 1 or 0}. */
export const RELEASE_LEASE = new Script(`
if tonumber(redis.call('HGET', KEYS[1], 'fence') or '') ~= tonumber(ARGV[1]) then return {2, 0} end
redis.call('HSET', KEYS[1], 'owner', '')
return {3, 1}
`);
