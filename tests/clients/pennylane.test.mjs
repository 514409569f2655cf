// The calls of Pennylane's OAuth guide, made literally with curl: an integration that works there
// must work here with another host name.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { app, company, firm, site, user } from './site.mjs';

const run = promisify(execFile);

/** curl with the sandbox's CA; answers status, content type and body. */
async function curl(...args) {
  const format = '\n%{http_code} %{content_type}';
  const { stdout } = await run('curl', ['-sS', '--cacert', site.ca_file, '-w', format, ...args]);
  const end = stdout.lastIndexOf('\n');
  const [status, type] = stdout.slice(end + 1).split(' ');
  const text = stdout.slice(0, end);
  const body = type?.startsWith('application/json') ? JSON.parse(text) : text;
  return { status: Number(status), body };
}

const form = (fields) => Object.entries(fields).flatMap(([k, v]) => ['--data-urlencode', `${k}=${v}`]);
const bearer = (token) => ['-H', `Authorization: Bearer ${token}`];

describe("Pennylane's guide", { timeout: 480_000 }, () => {
  const { client_id, client_secret } = app('oauth_confidential');
  const external = `${site.issuer}/api/external/v2`;
  let browser;
  let listener;

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
  });

  after(async () => {
    await browser?.close();
    await listener?.close();
  });

  /** Steps 1 and 2: send the user to the authorization page, then exchange the code. */
  async function connect(name, choose, scope) {
    const state = `state-of-${name}`;
    const url = new URL(`${site.issuer}/oauth/authorize`);
    const asked = { client_id, redirect_uri: listener.redirectUri, response_type: 'code', scope, state };
    for (const [key, value] of Object.entries(asked)) url.searchParams.set(key, value);
    const person = await Person.arrive(browser, user(name));
    const back = await person.approve(url, listener, { choose });
    await person.leave();
    assert.equal(back.searchParams.get('state'), state);
    const answer = await curl(
      `${site.issuer}/oauth/token`,
      ...form({
        client_id,
        client_secret,
        code: back.searchParams.get('code'),
        redirect_uri: listener.redirectUri,
        grant_type: 'authorization_code',
      }),
    );
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  it('a company token: authorize, exchange, call, refresh, revoke', async () => {
    const acme = company('acme');
    const granted = await connect('owner', acme.name, 'customers:readonly customer_invoices:readonly');
    assert.equal(granted.token_type.toLowerCase(), 'bearer');
    assert.equal(granted.expires_in, 86_400);
    assert.ok(granted.access_token);
    assert.ok(granted.refresh_token);

    const me = await curl(`${external}/me`, ...bearer(granted.access_token));
    assert.equal(me.status, 200);
    assert.equal(me.body.user.email, user('owner').email);
    assert.equal(me.body.company.id, acme.id);
    assert.deepEqual(new Set(me.body.scopes), new Set(granted.scope.split(' ')));

    const customers = await curl(`${external}/customers`, ...bearer(granted.access_token));
    assert.equal(customers.status, 200);
    assert.ok(Array.isArray(customers.body.items));
    assert.equal(customers.body.has_more, false);

    const draft = { customer_id: 1, date: '2026-03-01', deadline: '2026-03-31', lines: [] };
    const refused = await curl(
      `${external}/customer_invoices`,
      ...bearer(granted.access_token),
      '-H', 'Content-Type: application/json',
      '-d', JSON.stringify(draft),
    );
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.body, {
      error: 'forbidden',
      message: 'Missing scope: customer_invoices:all',
    });

    const renewed = await curl(
      `${site.issuer}/oauth/token`,
      ...form({
        client_id,
        client_secret,
        refresh_token: granted.refresh_token,
        grant_type: 'refresh_token',
      }),
    );
    assert.equal(renewed.status, 200);
    assert.equal(renewed.body.expires_in, 86_400);
    assert.notEqual(renewed.body.refresh_token, granted.refresh_token);

    const revoked = await curl(
      `${site.issuer}/oauth/revoke`,
      ...form({ client_id, client_secret, token: renewed.body.access_token }),
    );
    assert.deepEqual([revoked.status, revoked.body], [200, '']);
    const after = await curl(`${external}/customers`, ...bearer(renewed.body.access_token));
    assert.equal(after.status, 401);
  });

  it('a company token that names another company is refused', async () => {
    const granted = await connect('owner', company('acme').name, 'customers:readonly');
    const call = (path, ...headers) => curl(external + path, ...bearer(granted.access_token), ...headers);
    const header = (slug) => ['-H', `X-Company-Id: ${company(slug).id}`];
    assert.equal((await call('/customers', ...header('acme'))).status, 200);
    assert.equal((await call(`/companies/${company('acme').id}/customers`)).status, 200);
    assert.equal((await call('/customers', ...header('bakery'))).status, 403);
    assert.equal((await call('/customers', ...header('acme-test'))).status, 403);
    assert.equal((await call(`/companies/${company('acme-test').id}/customers`)).status, 403);
    const differing = await call(`/companies/${company('acme').id}/customers`, ...header('bakery'));
    assert.equal(differing.status, 400);
  });

  it('a firm token lists its companies and must name one, by path or header', async () => {
    const granted = await connect(
      'partner',
      firm('ledgerwise').name,
      'companies:readonly customers:readonly',
    );
    const call = (path, ...headers) => curl(external + path, ...bearer(granted.access_token), ...headers);
    const listed = await call('/companies');
    assert.equal(listed.status, 200);
    assert.deepEqual(
      listed.body.items.map((item) => item.name).sort(),
      ['acme', 'bakery', 'clinic'].map((slug) => company(slug).name).sort(),
    );

    const silent = await call('/customers');
    assert.equal(silent.status, 400, JSON.stringify(silent.body));
    assert.ok(silent.body.error);
    for (const slug of ['acme', 'bakery', 'clinic']) {
      const { id } = company(slug);
      const byHeader = await call('/customers', '-H', `X-Company-Id: ${id}`);
      const byPath = await call(`/companies/${id}/customers`);
      assert.equal(byHeader.status, 200);
      assert.deepEqual(byPath.body, byHeader.body);
    }
    const foreign = await call('/customers', '-H', `X-Company-Id: ${company('acme-test').id}`);
    assert.equal(foreign.status, 403);
  });

  it('limits are told as Pennylane tells them', async () => {
    const { client_id: id, client_secret: secret } = app('api_credentials');
    const granted = await curl(
      `${site.issuer}/oauth/token`,
      ...form({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
    );
    const headers = { authorization: `Bearer ${granted.body.access_token}` };
    const first = await fetch(`${external}/me`, { headers });
    assert.equal(first.headers.get('ratelimit-limit'), '25');
    assert.match(first.headers.get('ratelimit-remaining'), /^\d+$/);
    assert.match(first.headers.get('ratelimit-reset'), /^\d+$/);
    const many = await Promise.all(Array.from({ length: 40 }, () => fetch(`${external}/me`, { headers })));
    const limited = many.find((answer) => answer.status === 429);
    assert.ok(limited, 'more than 25 calls in five seconds are limited');
    assert.match(limited.headers.get('retry-after'), /^\d+$/);
  });
});
