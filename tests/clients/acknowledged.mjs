// Clients that use a sandbox as hard as they can and keep what was acknowledged to them, to hold what the
// server says afterwards against it.

import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

import { anyCode } from './codes.mjs';
import { Forms, offered, said } from './forms.mjs';
import { Passkey } from './passkey.mjs';
import { pkce } from './pkce.mjs';
import { bearer, wireTo } from './wire.mjs';

const CLIENTS = 16;
/** So many of what was judged before are judged again each time. */
const AGAIN = 12;
/**
 * Presenting a used code again ends its connection. So many connections are spared that for a while, to live through
 * more than one kill; not until an unused code would have ended (60 s), or a use that was lost would not show.
 */
const SPARED = 8;
const SPARED_FOR = 20_000;
/** Whoever asks so shortly before a token ends may be answered after. */
const MARGIN = 60;
const REDIRECT = 'http://127.0.0.1:7777/callback';
const CONNECTION = /\bcs_conn_\w+/g;
const ADD_PASSKEY = '/settings/security/passkeys/add';
const ACTIVITY = '/settings/app-connect/activity';

/** A row of numbers below 1 that the seed decides (mulberry32). */
export function chanceOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Asks about each of these, as many at once as there are clients. */
async function each(all, ask) {
  const left = [...all];
  const asking = Array.from({ length: CLIENTS }, async () => {
    while (left.length > 0) await ask(left.shift());
  });
  await Promise.all(asking);
}

/** The server said that it cannot, for the moment: nobody knows whether it did. */
class Unavailable extends Error {}

export class Acknowledged {
  #chance;
  #send;
  #owner;
  #key;
  #site;
  /** Access tokens, whether they are good and until when; what was judged once is marked so, here and below. */
  #tokens = new Map();
  /** Codes that were used up, with what they gave, and such of which nobody knows. */
  #usedCodes = [];
  #unsureCodes = new Set();
  #connections = new Set();
  /** The last refresh tokens of connections that are over. */
  #ended = [];
  /** Whether the server may say that it cannot. */
  mayFail = false;
  seen = { issued: 0, redeemed: 0, refreshed: 0, revoked: 0, cut: 0, unavailable: 0, judged: 0 };

  constructor(chance) {
    this.#chance = chance;
  }

  #any = (list) => list[Math.floor(this.#chance() * list.length)];

  /** How much was acknowledged so far. */
  get count() {
    const { issued, redeemed, refreshed, revoked } = this.seen;
    return issued + redeemed + refreshed + revoked;
  }

  /** From now on `site` is asked. */
  async ask(site) {
    this.#site = site;
    const wire = wireTo(site, new Agent({ keepAlive: true }));
    this.#send = async (...asked) => {
      const answer = await wire(...asked);
      if (answer.status === 503) throw new Unavailable(answer.text);
      return answer;
    };
    this.ready = async () => (await wire('GET', '/readyz')).status;
  }

  /** The owner signs in and adds a passkey. */
  async arrive() {
    const user = this.#site.users.find((one) => one.email.startsWith('owner@'));
    const owner = new Forms((...asked) => this.#send(...asked));
    this.#owner = owner;
    const form = await owner.get('/sign-in');
    await owner.submit(form, '/sign-in', [['email', user.email], ['password', user.password]]);
    const verify = await owner.get('/sign-in/verify');
    assert.equal((await owner.submit(verify, '/sign-in/verify', [['code', await anyCode(user)]])).status, 303);
    this.#key = new Passkey(this.#site.issuer);
    const page = await owner.get(ADD_PASSKEY);
    const credential = this.#key.create(said(page, 'data-passkey-create'));
    const fields = [['name', 'Laptop'], ['credential', credential], ['code', await anyCode(user)]];
    const added = await owner.submit(page, ADD_PASSKEY, fields);
    assert.equal(added.status, 303, added.text);
  }

  #app = (kind) => this.#site.apps.find((one) => one.kind === kind);
  #token = (form) => this.#send('POST', '/oauth/token', { form });

  async #isGood(access) {
    const { status } = await this.#send('GET', '/api/external/v2/me', { headers: bearer(access) });
    assert.ok(status === 200 || status === 401, `the API answered ${status}`);
    return status === 200;
  }

  /** A status that a request may have, whatever else happens at the time. */
  #expect(answer, ...statuses) {
    assert.ok(statuses.includes(answer.status), `${answer.status}: ${answer.text}`);
    return answer.status === 200;
  }

  /** An access token that was handed out just now. */
  #keep({ access_token: access, expires_in: seconds }) {
    this.#tokens.set(access, { access, good: true, until: Date.now() + (seconds - MARGIN) * 1000 });
  }

  /** Those of which it is known what they are: what is good ends by itself some day. */
  #known() {
    for (const { access, good, until } of this.#tokens.values()) {
      if (good && until < Date.now()) this.#tokens.delete(access);
    }
    return [...this.#tokens.values()];
  }

  async #issue() {
    const { client_id, client_secret } = this.#app('api_credentials');
    const answer = await this.#token({ grant_type: 'client_credentials', client_id, client_secret });
    this.#expect(answer, 200);
    this.#keep(answer.body);
    this.seen.issued += 1;
  }

  async #allowed() {
    const { verifier, challenge } = pkce();
    const { client_id } = this.#app('oauth_public');
    const asked = new URLSearchParams({
      response_type: 'code', client_id, redirect_uri: REDIRECT,
      scope: 'products:readonly', code_challenge: challenge, code_challenge_method: 'S256',
    });
    const { path, page } = await this.#owner.follow(`/oauth/authorize?${asked}`);
    // Where no challenge could be kept, the page asks for a code instead.
    if (this.mayFail && !page.text.includes('data-passkey-get')) throw new Unavailable(path);
    const passkey = this.#key.get(said(page, 'data-passkey-get'));
    const place = offered(page, path, 'context')[0];
    const pairs = [['context', place], ['scope', 'products:readonly'], ['passkey', passkey]];
    const answer = await this.#owner.submit(page, path, pairs);
    assert.equal(answer.status, 303, answer.text);
    const code = new URL(answer.headers.location).searchParams.get('code');
    return {
      grant_type: 'authorization_code', client_id, redirect_uri: REDIRECT, code, code_verifier: verifier,
    };
  }

  /** Somebody allows access, and the code is redeemed. */
  async #connect() {
    const form = await this.#allowed();
    this.#unsureCodes.add(form);
    const answer = await this.#token(form);
    this.#expect(answer, 200);
    this.#unsureCodes.delete(form);
    this.#usedCodes.push({ form, connection: this.#begin(answer.body), at: Date.now() });
  }

  /** A connection begins with the tokens that a code gave. */
  #begin(tokens) {
    const connection = { access: [], busy: false };
    this.#goOn(connection, tokens);
    this.#connections.add(connection);
    this.seen.redeemed += 1;
    return connection;
  }

  #refreshing(refresh) {
    const { client_id } = this.#app('oauth_public');
    return this.#token({ grant_type: 'refresh_token', client_id, refresh_token: refresh });
  }

  async #refresh(connection) {
    // Until its answer is here, nobody knows which of the two is the newest.
    connection.unsure = 'refresh';
    const answer = await this.#refreshing(connection.refresh);
    this.#expect(answer, 200);
    this.#goOn(connection, answer.body);
    this.seen.refreshed += 1;
  }

  /** The connection goes on with its newest tokens; those before are good for a while that nobody counts on. */
  #goOn(connection, tokens) {
    for (const before of connection.access) this.#tokens.delete(before);
    const { refresh: former } = connection;
    Object.assign(connection, { unsure: undefined, former, refresh: tokens.refresh_token });
    connection.access.push(tokens.access_token);
    this.#keep(tokens);
  }

  async #revoke(connection) {
    connection.unsure = 'revoke';
    for (const access of connection.access) this.#tokens.delete(access);
    const form = { client_id: this.#app('oauth_public').client_id, token: connection.refresh };
    this.#expect(await this.#send('POST', '/oauth/revoke', { form }), 200);
    this.#end(connection);
    this.seen.revoked += 1;
  }

  /** What is over: none of its tokens is good again, whatever happens. */
  #end(connection) {
    if (!this.#connections.delete(connection)) return;
    for (const access of connection.access) this.#tokens.set(access, { access, good: false });
    this.#ended.push({ refresh: connection.refresh });
  }

  /** The clients, each doing one thing or another until `stopped.now`. */
  clients(stopped) {
    return Array.from({ length: CLIENTS }, () => this.#client(stopped));
  }

  async #client(stopped) {
    while (!stopped.now) {
      const free = [...this.#connections].filter((one) => !one.busy && !one.unsure);
      const connection = free.length > 4 ? this.#any(free) : undefined;
      if (connection) connection.busy = true;
      try {
        if (connection) await (this.#chance() < 0.7 ? this.#refresh(connection) : this.#revoke(connection));
        else await (this.#chance() < 0.4 ? this.#issue() : this.#connect());
      } catch (error) {
        if (error instanceof Unavailable && this.mayFail) {
          this.seen.unavailable += 1;
          await wait(20);
          continue;
        }
        if (error.code === 'ERR_ASSERTION') throw error;
        if (!stopped.now) throw error;
        this.seen.cut += 1;
      } finally {
        if (connection) connection.busy = false;
      }
    }
  }

  /** All of a list that was not judged yet, and some of the others. */
  async #each(list, ask) {
    const again = Array.from({ length: Math.min(AGAIN, list.length) }, () => this.#any(list));
    const due = new Set([...list.filter((one) => !one.judged), ...again]);
    await each(due, async (one) => {
      await ask(one);
      one.judged = true;
    });
    this.seen.judged += due.size;
  }

  /** Holds what the server says now against all that it acknowledged since it was judged last. */
  async judge() {
    // The tokens first: what follows goes on to others and ends some.
    await this.#each(this.#known(), async ({ access, good }) => {
      assert.equal(await this.#isGood(access), good, `${access} should be ${good ? 'good' : 'over'}`);
    });
    await this.#each(this.#ended, async ({ refresh }) => this.#expect(await this.#refreshing(refresh), 400));
    await each(this.#connections, (connection) => this.#judgeConnection(connection));
    await this.#judgeCodes();
    await this.#judgeTrail();
  }

  async #judgeConnection(connection) {
    const { unsure, former, refresh } = connection;
    if (former && !unsure) await this.#judgeFormer(connection);
    const again = await this.#refreshing(refresh);
    // A refresh whose answer was lost is answered again; a revocation was done before or not.
    if (this.#expect(again, ...(unsure === 'revoke' ? [200, 400] : [200]))) this.#goOn(connection, again.body);
    else this.#end(connection);
  }

  /** The refresh token before gives what it gave, and nothing else: it was used up. */
  async #judgeFormer({ former, refresh, access }) {
    const answer = await this.#refreshing(former);
    this.#expect(answer, 200);
    const { refresh_token, access_token } = answer.body;
    assert.deepEqual([refresh_token, access_token], [refresh, access.at(-1)], 'a refresh token was used twice');
  }

  /** No code is redeemed twice, whatever came of the first time. */
  async #judgeCodes() {
    const spared = this.#spared();
    await this.#each(this.#usedCodes.filter((one) => !spared.has(one)), (one) => this.#judgeUsed(one));
    await each(this.#unsureCodes, async (form) => {
      const answer = await this.#token(form);
      const used = { form, connection: this.#expect(answer, 200, 400) ? this.#begin(answer.body) : undefined };
      // At once, and once more at the next time.
      await this.#judgeUsed(used);
      this.#usedCodes.push(used);
    });
    this.#unsureCodes.clear();
  }

  /** A code that was used up, presented again, ends what it gave. */
  async #judgeUsed({ form, connection }) {
    this.#expect(await this.#token(form), 400);
    if (connection) this.#end(connection);
  }

  #spared() {
    const young = Date.now() - SPARED_FOR;
    const may = ({ judged, at, connection }) => !judged && at > young && this.#connections.has(connection);
    return new Set(this.#usedCodes.filter(may).slice(0, SPARED));
  }

  /**
   * The end: no code is spared any more. Nobody was told what a redemption did that was cut off, but the trail says
   * whether it and another made one connection twice; answers how many were made.
   */
  async finish() {
    await this.#each(this.#usedCodes, (one) => this.#judgeUsed(one));
    // Of every company: which one is offered first, and so is connected, differs from sandbox to sandbox.
    const { status, text } = await this.#owner.get(`${ACTIVITY}/export.csv?of=installation&what=connection_created`);
    assert.equal(status, 200, text);
    const made = text.match(CONNECTION) ?? [];
    assert.equal(new Set(made).size, made.length, 'a code made its connection twice');
    assert.ok(made.length >= this.seen.redeemed, `${made.length} connections in the trail`);
    return made.length;
  }

  async #judgeTrail() {
    const page = await this.#owner.get(ACTIVITY);
    const answer = await this.#owner.submit(page, `${ACTIVITY}/verify`, []);
    assert.equal(answer.status, 303, answer.text);
    const { text } = await this.#owner.get(ACTIVITY);
    assert.ok(/entries are there and unchanged/.test(text), 'the chain is broken');
  }
}
