// Killed again and again under 16 clients: nothing that was acknowledged is lost, nothing that was used
// up or revoked is good again, the chain of the audit trail is whole, and the server is back at once.
//
// COUNTERSIGN_KILLS says how often it is killed, COUNTERSIGN_SEED repeats the choices, and
// COUNTERSIGN_BACK_WITHIN has the server back within so many milliseconds.

import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { anyCode } from './codes.mjs';
import { Forms, offered, said } from './forms.mjs';
import { Passkey } from './passkey.mjs';
import { pkce } from './pkce.mjs';
import { startSandbox, temporaryFolder } from './server.mjs';
import { bearer, wireTo } from './wire.mjs';

const KILLS = Number(process.env.COUNTERSIGN_KILLS ?? 200);
const CLIENTS = 16;
const BACK_WITHIN = Number(process.env.COUNTERSIGN_BACK_WITHIN ?? 60_000);
/** So much is acknowledged at most before the next kill, which then comes a moment later. */
const MOST_BETWEEN = 60;
const MOMENT = 50;
/** So many of what was acknowledged before are asked about again after each kill. */
const ASKED_AGAIN = 12;
const REDIRECT = 'http://127.0.0.1:7777/callback';
const ADD_PASSKEY = '/settings/security/passkeys/add';
const ACTIVITY = '/settings/app-connect/activity';

const seed = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 2 ** 32);
let state = seed;
/** The next number below 1 of a row that the seed decides (mulberry32). */
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const any = (list) => list[Math.floor(chance() * list.length)];

let folder;
let running;
let site;
let send;
let owner;
let key;

/** What was acknowledged: access tokens and whether they are good, and codes that were used up. */
const tokens = new Map();
const usedCodes = [];
const connections = [];
const seen = { kills: 0, issued: 0, redeemed: 0, refreshed: 0, revoked: 0, cut: 0, back: 0 };
const acknowledged = () => seen.issued + seen.redeemed + seen.refreshed + seen.revoked;

async function start() {
  const begun = Date.now();
  ({ server: running, site } = await startSandbox(folder.path));
  send = wireTo(site, new Agent({ keepAlive: true }));
  assert.equal((await send('GET', '/readyz')).status, 200);
  return Date.now() - begun;
}

before(async () => {
  folder = await temporaryFolder();
  process.env.COUNTERSIGN_CODES = join(folder.path, 'codes.json');
  await start();
  const user = site.users.find((one) => one.email.startsWith('owner@'));
  owner = new Forms((...asked) => send(...asked));
  const form = await owner.get('/sign-in');
  await owner.submit(form, '/sign-in', [['email', user.email], ['password', user.password]]);
  const verify = await owner.get('/sign-in/verify');
  assert.equal((await owner.submit(verify, '/sign-in/verify', [['code', await anyCode(user)]])).status, 303);
  key = new Passkey(site.issuer);
  const page = await owner.get(ADD_PASSKEY);
  const credential = key.create(said(page, 'data-passkey-create'));
  const fields = [['name', 'Laptop'], ['credential', credential], ['code', await anyCode(user)]];
  const added = await owner.submit(page, ADD_PASSKEY, fields);
  assert.equal(added.status, 303, added.text);
});

after(async () => {
  await running?.stop();
  await folder?.remove();
});

const app = (kind) => site.apps.find((one) => one.kind === kind);
const token = (form) => send('POST', '/oauth/token', { form });
const isGood = async (access) => {
  const { status } = await send('GET', '/api/external/v2/me', { headers: bearer(access) });
  assert.ok(status === 200 || status === 401, `the API answered ${status}`);
  return status === 200;
};

/** A status that a request may have, whatever else happens at the time. */
function expect(answer, ...statuses) {
  assert.ok(statuses.includes(answer.status), `${answer.status}: ${answer.text}`);
  return answer.status === 200;
}

async function issue() {
  const { client_id, client_secret } = app('api_credentials');
  const answer = await token({ grant_type: 'client_credentials', client_id, client_secret });
  expect(answer, 200);
  tokens.set(answer.body.access_token, true);
  seen.issued += 1;
}

async function allowed() {
  const { verifier, challenge } = pkce();
  const asked = new URLSearchParams({
    response_type: 'code', client_id: app('oauth_public').client_id, redirect_uri: REDIRECT,
    scope: 'products:readonly', code_challenge: challenge, code_challenge_method: 'S256',
  });
  const { path, page } = await owner.follow(`/oauth/authorize?${asked}`);
  const passkey = key.get(said(page, 'data-passkey-get'));
  const place = offered(page, path, 'context')[0];
  const pairs = [['context', place], ['scope', 'products:readonly'], ['passkey', passkey]];
  const answer = await owner.submit(page, path, pairs);
  assert.equal(answer.status, 303, answer.text);
  const code = new URL(answer.headers.location).searchParams.get('code');
  return {
    grant_type: 'authorization_code', client_id: app('oauth_public').client_id,
    redirect_uri: REDIRECT, code, code_verifier: verifier,
  };
}

/** Somebody allows access, and the code is redeemed. */
async function connect() {
  const form = await allowed();
  const answer = await token(form);
  expect(answer, 200);
  const { access_token: access, refresh_token: refresh } = answer.body;
  tokens.set(access, true);
  const connection = { refresh, access: [access], busy: false };
  usedCodes.push({ form, connection });
  connections.push(connection);
  seen.redeemed += 1;
}

const refreshing = (refresh) =>
  token({ grant_type: 'refresh_token', client_id: app('oauth_public').client_id, refresh_token: refresh });

async function refresh(connection) {
  // Until its answer is here, nobody knows which of the two is the newest.
  connection.unsure = 'refresh';
  const answer = await refreshing(connection.refresh);
  expect(answer, 200);
  goOn(connection, answer.body);
  seen.refreshed += 1;
}

/** The connection goes on with its newest tokens; those before are good for a while that nobody counts on. */
function goOn(connection, { access_token: access, refresh_token: newest }) {
  for (const before of connection.access) tokens.delete(before);
  Object.assign(connection, { unsure: undefined, refresh: newest });
  connection.access.push(access);
  tokens.set(access, true);
}

async function revoke(connection) {
  connection.unsure = 'revoke';
  for (const access of connection.access) tokens.delete(access);
  const form = { client_id: app('oauth_public').client_id, token: connection.refresh };
  expect(await send('POST', '/oauth/revoke', { form }), 200);
  end(connection);
  seen.revoked += 1;
}

/** What is over: none of its tokens is good again, whatever happens. */
function end(connection) {
  Object.assign(connection, { unsure: undefined, over: true });
  for (const access of connection.access) tokens.set(access, false);
}

/** Does one thing or another, until the server is gone. */
async function client(stopped) {
  while (!stopped.now) {
    const free = connections.filter((one) => !one.busy && !one.over && !one.unsure);
    const connection = free.length > 8 ? any(free) : undefined;
    if (connection) connection.busy = true;
    try {
      if (connection) await (chance() < 0.7 ? refresh(connection) : revoke(connection));
      else await (chance() < 0.4 ? issue() : connect());
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;
      if (!stopped.now) throw error;
      seen.cut += 1;
    } finally {
      if (connection) connection.busy = false;
    }
  }
}

/** Up to so many of a list, the newest always among them. */
const some = (list) => [
  ...list.slice(-ASKED_AGAIN),
  ...Array.from({ length: Math.min(ASKED_AGAIN, list.length) }, () => any(list)),
];

/** Holds what the server says now against what it acknowledged. */
async function judge() {
  for (const [access, good] of new Map(some([...tokens]))) {
    assert.equal(await isGood(access), good, `${access} should be ${good ? 'good' : 'over'}`);
  }
  for (const connection of connections.filter((one) => one.unsure)) {
    // A refresh whose answer was lost is answered again; a revocation was done before the kill or not.
    const again = await refreshing(connection.refresh);
    const may = connection.unsure === 'revoke' ? [200, 400] : [200];
    if (expect(again, ...may)) goOn(connection, again.body);
    else end(connection);
  }
  const over = connections.filter((one) => one.over);
  if (over.length > 0) expect(await refreshing(any(over).refresh), 400);
  if (usedCodes.length > 0 && chance() < 0.3) {
    const { form, connection } = any(usedCodes);
    expect(await token(form), 400);
    end(connection);
  }
  await judgeTrail();
}

async function judgeTrail() {
  const page = await owner.get(ACTIVITY);
  const answer = await owner.submit(page, `${ACTIVITY}/verify`, []);
  assert.equal(answer.status, 303, answer.text);
  const { text } = await owner.get(ACTIVITY);
  assert.ok(/entries are there and unchanged/.test(text), 'the chain is broken');
}

it(`loses nothing when it is killed ${KILLS} times (seed ${seed})`, { timeout: KILLS * 10_000 }, async () => {
  for (; seen.kills < KILLS; seen.kills += 1) {
    const stopped = { now: false };
    const clients = Array.from({ length: CLIENTS }, () => client(stopped));
    const failed = Promise.race(clients);
    const enough = acknowledged() + chance() * MOST_BETWEEN;
    while (acknowledged() < enough) await Promise.race([wait(5), failed]);
    await Promise.race([wait(chance() * MOMENT), failed]);
    stopped.now = true;
    await running.kill();
    await Promise.all(clients);
    const back = await start();
    seen.back = Math.max(seen.back, back);
    assert.ok(back < BACK_WITHIN, `back in service after ${back} ms`);
    await judge();
  }
  console.log(JSON.stringify({ seed, ...seen }));
  for (const what of ['issued', 'redeemed', 'refreshed', 'revoked', 'cut']) assert.ok(seen[what] > 0, what);
});
