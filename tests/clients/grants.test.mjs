// What a code and a refresh token are bound to, and what ends what.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { app, company, site, user } from './site.mjs';
import { basic, bearer, wireTo } from './wire.mjs';

const send = wireTo(site);
const native = app('oauth_public');
const partner = app('oauth_confidential');

describe('grants', { timeout: 480_000 }, () => {
  let browser;
  let listener;
  let people;

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
    people = {};
    for (const name of ['owner', 'viewer']) people[name] = await Person.arrive(browser, user(name));
  });

  after(async () => {
    await browser?.close();
    await listener?.close();
  });

  /** A code of `client` and the form that redeems it. */
  async function code({ client = native, who = 'owner', scope = 'products:readonly', more = {} } = {}) {
    const { verifier, challenge } = pkce();
    const url = authorizationUrl(client, listener.redirectUri, {
      scope,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    });
    await people[who].open(url);
    if (!more.resource?.endsWith('/mcp')) await people[who].choose(company('acme').name);
    await people[who].allow();
    const back = await listener.next();
    return {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code'),
      redirect_uri: listener.redirectUri,
      code_verifier: verifier,
    };
  }

  const authenticated = (client) =>
    client.client_secret ? [{}, basic(client)] : [{ client_id: client.client_id }, {}];

  function post(form, client = native) {
    const [own, headers] = authenticated(client);
    return send('POST', '/oauth/token', { form: { ...own, ...form }, headers });
  }

  async function granted(form, client) {
    const answer = await post(form, client);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }

  const refresh = (token, client, more = {}) =>
    post({ grant_type: 'refresh_token', refresh_token: token, ...more }, client);
  const call = async (token) =>
    (await send('GET', '/api/external/v2/products', { headers: bearer(token) })).status;

  function assertRefused(answer, error, what) {
    assert.deepEqual([answer.status, answer.body?.error], [400, error], what);
  }

  it('a code is good for its client, address and verifier only, and survives every other try', async () => {
    const right = await code();
    const without = (name) => Object.fromEntries(Object.entries(right).filter(([key]) => key !== name));
    const tries = [
      ['another client', right, partner, 'invalid_grant'],
      ['another address', { ...right, redirect_uri: 'http://127.0.0.1:1/callback' }, native, 'invalid_grant'],
      ['another verifier', { ...right, code_verifier: pkce().verifier }, native, 'invalid_grant'],
      ['no verifier', without('code_verifier'), native, 'invalid_grant'],
      ['empty verifier', { ...right, code_verifier: '' }, native, 'invalid_grant'],
      ['foreign resource', { ...right, resource: 'https://elsewhere.example/' }, native, 'invalid_target'],
    ];
    for (const [what, form, client, error] of tries) {
      const answer = await post(form, client);
      assert.equal(answer.status, 400, what);
      assert.ok([error, 'invalid_request'].includes(answer.body.error), `${what}: ${answer.body.error}`);
    }
    const tokens = await granted(right);
    assert.equal(await call(tokens.access_token), 200);
    for (const [what, form, client] of tries) {
      assert.equal((await post(form, client)).status, 400, what);
      assert.equal(await call(tokens.access_token), 200, `${what}, after it was used`);
    }
    assertRefused(await post(right), 'invalid_grant');
    assert.equal(await call(tokens.access_token), 401, 'a full repeat ends what it gave');
  });

  it('a code obtained without a challenge takes no verifier', async () => {
    const url = authorizationUrl(partner, listener.redirectUri, { scope: 'products:readonly' });
    const back = await people.owner.approve(url, listener, { choose: company('acme').name });
    const form = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code'),
      redirect_uri: listener.redirectUri,
    };
    const verified = await post({ ...form, code_verifier: pkce().verifier }, partner);
    assert.equal(verified.status, 400);
    const addressless = { grant_type: form.grant_type, code: form.code };
    assert.equal((await post(addressless, partner)).status, 400, 'the address is needed without PKCE');
    await granted(form, partner);
  });

  it('each install of a public program has its own connection', async () => {
    const first = await granted(await code({ who: 'viewer' }));
    const second = await granted(await code({ who: 'viewer' }));
    assert.equal(await call(first.access_token), 200);
    assert.equal(await call(second.access_token), 200);
    await send('POST', '/oauth/revoke', {
      form: { token: second.refresh_token, client_id: native.client_id },
    });
    assert.equal(await call(second.access_token), 401);
    assert.equal(await call(first.access_token), 200);
  });

  it('a new connection of a partner app replaces the old one of the same person and company', async () => {
    const first = await granted(await code({ client: partner }), partner);
    const others = await granted(await code({ client: partner, who: 'viewer' }), partner);
    const waiting = await code({ client: partner });
    assert.equal(await call(first.access_token), 200, 'until the new code is redeemed');
    const second = await granted(waiting, partner);
    assert.equal(await call(second.access_token), 200);
    assert.equal(await call(first.access_token), 401);
    assertRefused(await refresh(first.refresh_token, partner), 'invalid_grant');
    assert.equal(await call(others.access_token), 200, "another person's stays");
  });

  it('a refresh may ask for less, never for more, and only by its own client', async () => {
    const tokens = await granted(await code({ scope: 'products:readonly customers:readonly' }));
    assertRefused(await refresh(tokens.refresh_token, partner), 'invalid_grant');
    assertRefused(
      await refresh(tokens.refresh_token, native, { scope: 'products:readonly trial_balance:readonly' }),
      'invalid_scope',
    );
    assert.equal(await call(tokens.access_token), 200, 'a refused refresh ends nothing');
    const narrow = await refresh(tokens.refresh_token, native, { scope: 'customers:readonly' });
    assert.equal(narrow.status, 200, narrow.text);
    assert.equal(narrow.body.scope, 'customers:readonly');
    assert.equal(await call(narrow.body.access_token), 403);
    assertRefused(await refresh(tokens.refresh_token), 'invalid_grant', 'a repeat that differs');
    const again = await refresh(tokens.refresh_token, native, { scope: 'customers:readonly' });
    assert.equal(again.body.refresh_token, narrow.body.refresh_token, 'and it ended nothing');
    const whole = await refresh(narrow.body.refresh_token);
    assert.equal(whole.status, 200);
    assert.equal(whole.body.scope, 'customers:readonly products:readonly', 'the grant is as wide as before');
  });

  it('an API resource gives a token for the API, another resource is refused', async () => {
    const tokens = await granted(await code({ more: { resource: site.api_base } }));
    assert.equal(await call(tokens.access_token), 200);
    const refused = await refresh(tokens.refresh_token, native, {
      resource: `${site.issuer}/companies/bakery/mcp`,
    });
    assert.equal(refused.status, 400);
    assert.equal(await call(tokens.access_token), 200);
  });

  it("an MCP resource fixes the company, and its token does not open the API", async () => {
    const resource = `${site.issuer}/companies/acme-test/mcp`;
    const form = await code({ more: { resource } });
    const tokens = await granted(form);
    assert.equal(await call(tokens.access_token), 401);
    const seen = await send('POST', '/oauth/introspect', {
      form: { token: tokens.access_token },
      headers: basic(app('resource_server')),
    });
    assert.deepEqual(seen.body, { active: false }, "the API's resource server does not see it");
  });

  it('one locked choice is shown for an MCP resource, and no company to who cannot reach it', async () => {
    const ask = (slug) =>
      authorizationUrl(native, listener.redirectUri, {
        scope: 'products:readonly',
        code_challenge: pkce().challenge,
        code_challenge_method: 'S256',
        resource: `${site.issuer}/companies/${slug}/mcp`,
      });
    await people.owner.open(ask('acme'));
    assert.equal(await people.owner.contexts().count(), 1);
    assert.match(await people.owner.text(), /cannot be changed here/);
    await people.owner.page.goto(ask('clinic').href);
    const text = await people.owner.text();
    assert.match(text, /You cannot connect this company/);
    assert.ok(!text.includes('Clinic') && !text.includes('clinic'));
    assert.equal(listener.cameBack(), false);
  });
});
