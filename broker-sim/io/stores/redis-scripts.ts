import { createHash } from "node:crypto";

/** A script that the server runs as a whole, or not at all. */
export interface RedisScript {
  readonly text: string;
  readonly digest: string;
}

/**
 * What the script says of a job's record that may not follow the one in the store; the broker's core never writes such
 * a one, and the store is where two brokers would meet. A removed record is ''.
 *
 * - An epoch never goes down, and a settled job stays as it settled.
 * - Grant: a new one has an epoch above every one before. Renewal: one that goes on has the same holder.
 * - Completion: under the grant that is held, or one that is newer than the store knows.
 * - Only what is settled is forgotten.
 */
const jobRules = `
local settled = { completed = true, failed = true, cancelled = true }
local function is(value) return value ~= nil and value ~= cjson.null end
local function read(text)
  local isJson, record = pcall(cjson.decode, text)
  if isJson and type(record) == 'table' then return record end
  return nil
end
local function problem(storedText, text)
  local stored = storedText and read(storedText)
  if text == '' then
    if stored and not settled[stored.state] then return 'it is not settled, and would be forgotten' end
    return nil
  end
  local job = read(text)
  if not job then return 'it is no record' end
  if not stored then return nil end
  local epoch = tonumber(stored.epoch) or 0
  if (tonumber(job.epoch) or 0) < epoch then return 'its epoch would go down' end
  if settled[stored.state] and (job.state ~= stored.state or job.completedAt ~= stored.completedAt) then
    return 'it is settled, and would change'
  end
  local held, grant = stored.grant, job.grant
  if is(grant) then
    if is(held) and held.epoch == grant.epoch then
      if held.leaseId ~= grant.leaseId or held.agentId ~= grant.agentId then return 'its lease would change hands' end
      if stored.state == 'leased' and job.state == 'offered' then return 'its lease would be an offer again' end
    elseif grant.epoch <= epoch then
      return 'it would be granted under an epoch that was given before'
    end
  end
  if is(job.settledBy) and not settled[stored.state] then
    local leaseId = job.settledBy.leaseId
    local isHeld = is(held) and held.leaseId == leaseId
    if not isHeld and (tonumber(string.match(leaseId, '%d+$')) or 0) <= epoch then
      return 'it would be completed under a lease that is over'
    end
  end
  return nil
end
`;

/** How many writers before it one knows: a replica that takes over lags by seconds, and not by so many starts. */
const writersBeforeMax = 16;

/**
 * Whether the state of the server is one of before the claim of the writer that asks: there is no writer at all, or one
 * of those that came before it. Any other one has claimed the store since. A count of starts would not do for that: a
 * server that lost everything counts anew.
 */
const isBeforeClaim = `
local function isBeforeClaim(token, before)
  return not token or string.find(' ' .. before .. ' ', ' ' .. token .. ' ', 1, true) ~= nil
end
`;

/**
 * Makes this broker the writer. KEYS: writer. ARGV: token, the beginning of the names of writers' channels, whether a
 * writer that is still there loses its place ('yes').
 *
 * A writer is there for as long as it listens to its channel: a process that died was disconnected by its kernel, so
 * that nobody has to wait for a time to pass.
 *
 * @returns 'held', or 'claimed' with generation, commit number and the tokens of the writers before, newest first
 */
export const claimScript = script(`
local token, generation, number, layout, before =
  unpack(redis.call('HMGET', KEYS[1], 'token', 'generation', 'commit', 'layout', 'before'))
if layout and layout ~= '1' then return { 'too-new', layout } end
-- The answer to its claim was lost, and it asks again.
if token == ARGV[1] then return { 'claimed', tonumber(generation), tonumber(number), before } end
if token then
  local listeners = redis.call('PUBSUB', 'NUMSUB', ARGV[2] .. token)[2]
  if listeners > 0 and ARGV[3] ~= 'yes' then return { 'held' } end
  redis.call('PUBLISH', ARGV[2] .. token, 'taken over')
end
generation = (tonumber(generation) or 0) + 1
number = tonumber(number) or 0
local tokens = {}
for one in string.gmatch((token or '') .. ' ' .. (before or ''), '%S+') do
  if #tokens < ${writersBeforeMax} then tokens[#tokens + 1] = one end
end
before = table.concat(tokens, ' ')
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'generation', generation, 'commit', number, 'layout', 1, 'before', before)
return { 'claimed', generation, number, before }
`);

/**
 * Writes one commit, once: asked again for the same, it says the same. KEYS: writer, jobs, then a hash per further kind
 * of record. ARGV: token, generation, tokens of the writers before, number, how many records, for each the place of its hash in KEYS, id and text ('':
 * remove), then channel and message of each change.
 *
 * @returns 'written'; 'behind' with the number that is stored, if the server has lost commits; 'taken-over'; or
 *   'refused' with id and reason
 */
export const commitScript = script(`
${jobRules}
${isBeforeClaim}
local token, number = unpack(redis.call('HMGET', KEYS[1], 'token', 'commit'))
if token ~= ARGV[1] then
  if not isBeforeClaim(token, ARGV[3]) then return { 'taken-over' } end
  return { 'behind', -1 }
end
number = tonumber(number)
local asked = tonumber(ARGV[4])
if number == asked then return { 'written' } end
if number ~= asked - 1 then return { 'behind', number } end
local last = 5 + 3 * tonumber(ARGV[5])
for at = 6, last, 3 do
  if ARGV[at] == '2' then
    local why = problem(redis.call('HGET', KEYS[2], ARGV[at + 1]), ARGV[at + 2])
    if why then return { 'refused', ARGV[at + 1], why } end
  end
end
for at = 6, last, 3 do
  local key = KEYS[tonumber(ARGV[at])]
  if ARGV[at + 2] == '' then redis.call('HDEL', key, ARGV[at + 1])
  else redis.call('HSET', key, ARGV[at + 1], ARGV[at + 2]) end
end
redis.call('HSET', KEYS[1], 'commit', asked)
for at = last + 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[at], ARGV[at + 1]) end
return { 'written' }
`);

/**
 * Puts everything back on a server that has lost commits (docs/adr/0015). KEYS and ARGV as of a commit, with every
 * record there is. Whatever the server kept must be an earlier state of what is written: else somebody else wrote.
 *
 * @returns 'written', 'taken-over', or 'refused' with id and reason
 */
export const rewriteScript = script(`
${jobRules}
${isBeforeClaim}
local token = redis.call('HGET', KEYS[1], 'token')
if token ~= ARGV[1] and not isBeforeClaim(token, ARGV[3]) then return { 'taken-over' } end
local last = 5 + 3 * tonumber(ARGV[5])
local jobs = {}
for at = 6, last, 3 do
  if ARGV[at] == '2' then jobs[ARGV[at + 1]] = ARGV[at + 2] end
end
local stored = redis.call('HGETALL', KEYS[2])
for at = 1, #stored, 2 do
  local why = problem(stored[at + 1], jobs[stored[at]] or '')
  if why then return { 'refused', stored[at], why } end
end
for at = 2, #KEYS do redis.call('DEL', KEYS[at]) end
for at = 6, last, 3 do redis.call('HSET', KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]) end
local writer = { 'token', ARGV[1], 'generation', ARGV[2], 'before', ARGV[3], 'commit', ARGV[4], 'layout', 1 }
redis.call('HSET', KEYS[1], unpack(writer))
for at = last + 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[at], ARGV[at + 1]) end
return { 'written' }
`);

function script(text: string): RedisScript {
  return { text, digest: createHash("sha1").update(text).digest("hex") };
}
