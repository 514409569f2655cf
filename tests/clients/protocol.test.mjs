// What the endpoints must answer, and above all refuse, request by request.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { anyCode } from './codes.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { app, company, site, user } from './site.mjs';
import { basic, bearer, wireTo } from './wire.mjs';

const send = wireTo(site);
const API = '/api/external/v2';
const native = app('oauth_public');
const partner = app('oauth_confidential');
const job = app('api_credentials');
const guard = app('resource_server');

const token = (form, headers) => send('POST', '/oauth/token', { form, headers });

/** One token of the sample job. */
async function jobToken(form = {}) {
  const answer = await token({ grant_type: 'client_credentials', ...form }, basic(job));
  assert.equal(answer.status, 200, answer.text);
  return answer.body.access_token;
}

/** Fails unless the answer is this OAuth error, readable and not to be stored. */
function assertError(answer, status, error, what = error) {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.equal(answer.body?.error, error, what);
  assert.equal(answer.headers['cache-control'], 'no-store', what);
}

describe('discovery', () => {
  it('names the issuer and only what answers', async () => {
    const { status, headers, body } = await send('GET', '/.well-known/oauth-authorization-server');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(body.issuer, site.issuer);
    assert.ok(!body.scopes_supported.includes('openid'));
    for (const [name, url] of Object.entries(body).filter(([name]) => name.endsWith('_endpoint'))) {
      assert.ok(url.startsWith(`${site.issuer}/`), name);
      const answer = await send(name === 'authorization_endpoint' ? 'GET' : 'POST', new URL(url).pathname);
      assert.ok([400, 401].includes(answer.status), `${name}: ${answer.status}`);
    }
  });

  it('does not know what it does not have', async () => {
    for (const path of [
      '/.well-known/openid-configuration',
      '/.well-known/oauth-protected-resource',
      '/.well-known/nothing',
      '/oauth/userinfo',
      '/oauth/device_authorization',
    ]) {
      assert.equal((await send('GET', path)).status, 404, path);
    }
  });

  it('answers older clients at the short paths', async () => {
    assertError(await send('POST', '/token', { form: {} }), 400, 'invalid_request');
    assert.equal((await send('GET', '/authorize')).status, 400);
  });

  it('answers under its own name only, except to a supervisor', async () => {
    const headers = { host: 'elsewhere.example' };
    for (const path of ['/sign-in', '/oauth/token', '/.well-known/oauth-authorization-server', '/']) {
      assert.equal((await send('GET', path, { headers })).status, 421, path);
    }
    for (const path of ['/healthz', '/readyz']) {
      assert.equal((await send('GET', path, { headers })).status, 200, path);
    }
  });
});

describe('programs in a browser', () => {
  const asked = 'authorization, content-type, mcp-protocol-version';
  const preflight = (path) =>
    send('OPTIONS', path, {
      headers: {
        origin: 'https://inspector.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      },
    });

  it('may ask before they call', async () => {
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/oauth/token',
      '/oauth/revoke',
      `${API}/customers`,
    ]) {
      const { status, headers } = await preflight(path);
      assert.equal(status, 204, path);
      assert.equal(headers['access-control-allow-origin'], '*', path);
      assert.equal(headers['access-control-allow-headers'].toLowerCase(), asked, path);
      assert.match(headers['access-control-allow-methods'], /POST|GET/, path);
    }
  });

  it('may read refusals too', async () => {
    for (const answer of [
      await token({}, { origin: 'https://inspector.example' }),
      await send('POST', '/oauth/revoke', { form: { token: 'x' } }),
      await send('GET', `${API}/customers`),
      await send('GET', `${API}/customers`, { headers: { ...bearer('x'), origin: 'null' } }),
    ]) {
      assert.equal(answer.headers['access-control-allow-origin'], '*', answer.text);
      assert.match(answer.headers['access-control-expose-headers'], /WWW-Authenticate/i);
    }
  });

  it('are not let near the pages', async () => {
    for (const path of ['/oauth/authorize', '/sign-in', '/', '/consent/x']) {
      for (const method of ['OPTIONS', 'GET']) {
        const { headers } = await send(method, path, { headers: { origin: 'https://inspector.example' } });
        assert.equal(headers['access-control-allow-origin'], undefined, `${method} ${path}`);
      }
    }
  });

  it('must not hold a secret', async () => {
    const headers = { ...basic(job), origin: 'https://page.example' };
    assertError(await token({ grant_type: 'client_credentials' }, headers), 400, 'invalid_request');
  });
});

describe('every response', () => {
  it('carries its reference and the headers that keep a browser safe', async () => {
    const requests = [
      ['GET', '/sign-in'], ['GET', '/'], ['GET', '/no-such-page'], ['GET', '/oauth/authorize'],
      ['GET', '/consent/x'], ['GET', '/setup/x'], ['POST', '/sign-in'], ['DELETE', '/sign-in'],
      ['POST', '/oauth/token'], ['GET', '/oauth/token'], ['POST', '/oauth/introspect'],
      ['GET', `${API}/customers`], ['GET', '/healthz'], ['GET', `/${'x'.repeat(9000)}`],
    ];
    for (const [method, path] of requests) {
      const { headers } = await send(method, path);
      const what = `${method} ${path.slice(0, 40)}`;
      assert.match(headers['x-request-id'] ?? '', /^req_/, what);
      assert.equal(headers['x-content-type-options'], 'nosniff', what);
      assert.equal(headers['referrer-policy'], 'no-referrer', what);
      const policy = headers['content-security-policy'] ?? '';
      for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
        assert.ok(policy.includes(part), `${what}: ${part}`);
      }
      assert.ok(!/unsafe-|\*/.test(policy), what);
      assert.equal(headers['cache-control'], 'no-store', what);
      for (const cookie of headers['set-cookie'] ?? []) {
        assert.match(cookie, /^__Host-[^;]*; Path=\/; Secure; HttpOnly; SameSite=(Lax|Strict)/, what);
      }
    }
  });

  it('to a wrong method names the right ones', async () => {
    const headers = bearer(await jobToken());
    for (const [method, path] of [
      ['GET', '/oauth/token'], ['POST', '/oauth/authorize'], ['DELETE', '/sign-in'],
      ['DELETE', `${API}/customers`],
    ]) {
      const answer = await send(method, path, { headers });
      assert.equal(answer.status, 405, path);
      assert.ok(answer.headers.allow, `${method} ${path} names no method`);
    }
  });

  it('to what is too large says so', async () => {
    assert.equal((await token({ grant_type: 'x'.repeat(70_000) })).status, 413);
    assert.equal((await send('GET', `/oauth/authorize?state=${'x'.repeat(9000)}`)).status, 414);
  });
});

describe('the token endpoint', () => {
  const credentials = { grant_type: 'client_credentials' };

  it('refuses each faulty request with its own error', async () => {
    const post = { client_id: job.client_id, client_secret: job.client_secret };
    const pub = { client_id: native.client_id };
    const cases = [
      ['no grant', { ...post }, {}, 400, 'invalid_request'],
      ['password', { grant_type: 'password', ...post }, {}, 400, 'unsupported_grant_type'],
      ['device', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', ...post }, {}, 400, 'unsupported_grant_type'],
      ['repeated', [...Object.entries({ ...credentials, ...post }), ['grant_type', 'x']], {}, 400, 'invalid_request'],
      ['two methods', { ...credentials, ...post }, basic(job), 400, 'invalid_request'],
      ['two clients', { ...credentials, ...pub }, basic(job), 400, 'invalid_request'],
      ['no secret', { ...credentials, client_id: job.client_id }, {}, 401, 'invalid_client'],
      ['wrong secret', { ...credentials, ...post, client_secret: 'x' }, {}, 401, 'invalid_client'],
      ['unknown client', { ...credentials, client_id: 'cs_app_nobody', client_secret: 'x' }, {}, 401, 'invalid_client'],
      ['public client', { ...credentials, ...pub }, {}, 400, 'unauthorized_client'],
      ['partner app', credentials, basic(partner), 400, 'unauthorized_client'],
      ['resource server', credentials, basic(guard), 400, 'unauthorized_client'],
      ['not delegated', { ...credentials, scope: 'supplier_invoices:all' }, basic(job), 400, 'invalid_scope'],
      ['partly delegated', { ...credentials, scope: 'products:readonly supplier_invoices:all' }, basic(job), 400, 'invalid_scope'],
      ['other company', { ...credentials, company_id: company('bakery').id }, basic(job), 400, 'invalid_target'],
      ['foreign resource', { ...credentials, resource: 'https://elsewhere.example/' }, basic(job), 400, 'invalid_target'],
      ['no refresh token', { grant_type: 'refresh_token', ...pub }, {}, 400, 'invalid_request'],
      ['unknown refresh token', { grant_type: 'refresh_token', refresh_token: 'x', ...pub }, {}, 400, 'invalid_grant'],
      ['unknown code', { grant_type: 'authorization_code', code: 'x', ...pub }, {}, 400, 'invalid_grant'],
    ];
    for (const [what, form, headers, status, error] of cases) {
      const answer = await token(form, headers);
      assertError(answer, status, error, what);
      assert.ok(!answer.text.includes('elsewhere'), 'nothing is echoed');
    }
  });

  it('asks for Basic only who tried Basic', async () => {
    const wrong = { ...job, client_secret: 'wrong' };
    const byBasic = await token(credentials, basic(wrong));
    assertError(byBasic, 401, 'invalid_client');
    assert.match(byBasic.headers['www-authenticate'], /^Basic /);
    const byPost = await token({ ...credentials, client_id: job.client_id, client_secret: 'wrong' });
    assertError(byPost, 401, 'invalid_client');
    assert.equal(byPost.headers['www-authenticate'], undefined);
  });

  it('takes forms only, in the body only', async () => {
    const json = { 'content-type': 'application/json' };
    assertError(
      await send('POST', '/oauth/token', { headers: { ...json, ...basic(job) }, body: JSON.stringify(credentials) }),
      400,
      'invalid_request',
    );
    const query = new URLSearchParams({ ...credentials, client_id: job.client_id, client_secret: job.client_secret });
    assertError(await send('POST', `/oauth/token?${query}`), 400, 'invalid_request');
  });

  it('narrows to what is asked for and grants no offline_access', async () => {
    const answer = await token({ ...credentials, scope: 'products:readonly offline_access' }, basic(job));
    assert.equal(answer.body.scope, 'products:readonly');
    assert.ok(!('refresh_token' in answer.body));
    assert.ok(Number.isInteger(answer.body.expires_in));
    assert.ok(!Object.values(answer.body).includes(null));
    assert.equal(answer.headers['cache-control'], 'no-store');
  });
});

describe('revocation and introspection', () => {
  it('leave the tokens of others alone', async () => {
    const mine = await jobToken();
    for (const answer of [
      await send('POST', '/oauth/revoke', { form: { token: mine, client_id: native.client_id } }),
      await send('POST', '/oauth/revoke', { form: { token: mine }, headers: basic(partner) }),
    ]) {
      assert.deepEqual([answer.status, answer.text], [200, '']);
    }
    const seen = await send('POST', '/oauth/introspect', { form: { token: mine }, headers: basic(partner) });
    assert.deepEqual(seen.body, { active: false });
    assert.equal((await send('GET', `${API}/me`, { headers: bearer(mine) })).status, 200);
  });

  it('take a wrong hint for no more than a hint', async () => {
    const mine = await jobToken();
    const form = { token: mine, token_type_hint: 'refresh_token' };
    assert.equal((await send('POST', '/oauth/revoke', { form, headers: basic(job) })).status, 200);
    assert.equal((await send('GET', `${API}/me`, { headers: bearer(mine) })).status, 401);
    const seen = await send('POST', '/oauth/introspect', { form, headers: basic(guard) });
    assert.deepEqual(seen.body, { active: false });
  });

  it('want to know who asks', async () => {
    const form = { token: await jobToken() };
    for (const path of ['/oauth/revoke', '/oauth/introspect']) {
      assertError(await send('POST', path, { form }), 401, 'invalid_client', path);
      const wrong = basic({ ...job, client_secret: 'wrong' });
      assertError(await send('POST', path, { form, headers: wrong }), 401, 'invalid_client', path);
      assertError(await send('POST', path, { headers: basic(job), form: {} }), 400, 'invalid_request', path);
    }
    const anonymous = { ...form, client_id: native.client_id };
    assertError(await send('POST', '/oauth/introspect', { form: anonymous }), 401, 'invalid_client');
  });
});

describe('the protected interface', () => {
  const call = (path, headers, method = 'GET') => send(method, API + path, { headers });

  it('challenges who brings no token, a wrong one, or brings it the wrong way', async () => {
    const right = await jobToken();
    for (const [what, path, headers] of [
      ['none', '/customers', {}],
      ['in the query', `/customers?access_token=${right}`, {}],
      ['another scheme', '/customers', basic(job)],
    ]) {
      const answer = await call(path, headers);
      assert.equal(answer.status, 401, what);
      const challenge = answer.headers['www-authenticate'];
      assert.match(challenge, /^Bearer /, what);
      assert.match(challenge, /scope="customers:readonly"/, what);
      assert.ok(!challenge.includes('error='), what);
    }
    for (const wrong of ['x', right.slice(0, -1), `${right}x`, right.toUpperCase()]) {
      const answer = await call('/customers', bearer(wrong));
      assert.equal(answer.status, 401, wrong);
      assert.match(answer.headers['www-authenticate'], /error="invalid_token"/);
    }
    assert.equal((await call('/customers', { authorization: `bEaReR ${right}` })).status, 200);
  });

  it('refuses paths that two readers could read differently', async () => {
    const headers = bearer(await jobToken());
    for (const path of [
      '//customers', '/./customers', '/../v2/customers', '/%2e%2e/customers', '/companies/../customers',
      '/customers%2f', '/customers;x=1', '/customers%00', '/customers%5c..', '/..;/customers',
    ]) {
      assert.equal((await call(path, headers)).status, 400, path);
    }
    for (const path of ['/customers/', '/Customers', '/%63ustomers', '/nothing']) {
      assert.equal((await call(path, headers)).status, 404, path);
    }
  });

  it('refuses a company token that names another company, on every path', async () => {
    const headers = bearer(await jobToken());
    const other = company('bakery').id;
    for (const path of ['/customers', '/products', '/trial_balance', '/customer_invoices', '/me', '/companies']) {
      const byHeader = await call(path, { ...headers, 'x-company-id': other });
      assert.equal(byHeader.status, 403, `${path} by header`);
      assert.equal((await call(`/companies/${other}${path}`, headers)).status, 403, `${path} by path`);
    }
    const twice = await call('/customers', { ...headers, 'x-company-id': [company('acme').id, other] });
    assert.ok([400, 403].includes(twice.status), 'two companies by header');
    for (const odd of ['nonsense', '../acme', 'acme']) {
      assert.equal((await call('/customers', { ...headers, 'x-company-id': odd })).status, 403, odd);
    }
  });

  it('refuses a page of nowhere', async () => {
    const headers = bearer(await jobToken());
    for (const origin of ['null', 'garbage']) {
      assert.equal((await call('/customers', { ...headers, origin })).status, 403, origin);
    }
  });

  it('speaks JSON in every refusal', async () => {
    const headers = bearer(await jobToken());
    for (const answer of [
      await call('/customers', {}),
      await call('/nothing', headers),
      await call('//customers', headers),
      await call('/customers', headers, 'DELETE'),
      await call('/', headers),
    ]) {
      assert.ok(answer.body?.error && answer.body?.message, `${answer.status}: ${answer.text.slice(0, 60)}`);
    }
  });
});

describe('the authorization endpoint', () => {
  const redirectUri = 'http://127.0.0.1:5555/callback';
  const usual = {
    scope: 'products:readonly',
    state: 'a state',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  };

  function authorize(change = {}, extra = '') {
    const url = authorizationUrl(native, redirectUri, { ...usual, ...change });
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) url.searchParams.delete(name);
    }
    return send('GET', url.pathname + url.search + extra);
  }

  it('tells a known client its fault, with state and iss', async () => {
    const cases = [
      ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
      ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
      ['no method', { code_challenge_method: undefined }, 'invalid_request'],
      ['several methods', { code_challenge_method: 'plain\nS256' }, 'invalid_request'],
      ['short challenge', { code_challenge: 'abc' }, 'invalid_request'],
      ['implicit', { response_type: 'token' }, 'unsupported_response_type'],
      ['hybrid', { response_type: 'code token' }, 'unsupported_response_type'],
      ['no type', { response_type: undefined }, 'invalid_request'],
      ['silent', { prompt: 'none' }, 'interaction_required'],
      ['fragment', { response_mode: 'fragment' }, 'invalid_request'],
      ['unknown scope', { scope: 'nothing:known' }, 'invalid_scope'],
      ['unknown resource', { resource: 'https://elsewhere.example/' }, 'invalid_target'],
      ['request object', { request: 'x' }, 'request_not_supported'],
      ['foreign request_uri', { request_uri: 'https://elsewhere.example/' }, 'invalid_request_uri'],
    ];
    for (const [what, change, error] of cases) {
      const answer = await authorize(change);
      assert.equal(answer.status, 303, what);
      const back = new URL(answer.headers.location);
      assert.equal(back.origin + back.pathname, redirectUri, what);
      const told = Object.fromEntries(back.searchParams);
      assert.equal(told.error, error, what);
      assert.equal(told.state, usual.state, what);
      assert.equal(told.iss, site.issuer, what);
      assert.ok(!('code' in told), what);
    }
    const repeated = await authorize({}, '&scope=customers:readonly');
    assert.equal(new URL(repeated.headers.location).searchParams.get('error'), 'invalid_request');
  });

  it('sends nobody to an address that is not registered byte for byte', async () => {
    const hostile = [
      'undefined', 'http://127.0.0.1:5555/callback/', 'http://127.0.0.1:5555/Callback',
      'http://127.0.0.1:5555/callback?x=1', 'http://127.0.0.1:5555/callback#x',
      'http://127.0.0.1:5555/callback%2f', 'http://127.0.0.1:5555/callback/..', 'http://127.0.0.1:5555//callback',
      'http://127.0.0.1:5555/call%62ack', 'http://localhost:5555/callback', 'http://[::1]:5555/callback',
      'http://127.0.0.2:5555/callback', 'http://127.1:5555/callback', 'http://2130706433:5555/callback',
      'http://0x7f.0.0.1/callback', 'http://127.0.0.1.evil.example/callback', 'http://127.0.0.1@evil.example/callback',
      'http://evil.example@127.0.0.1/callback', 'http://127.0.0.1:5555@evil.example/callback',
      'http://127.0.0.1\\@evil.example/callback', 'http:\\\\127.0.0.1/callback', 'http:/127.0.0.1/callback',
      'https://127.0.0.1:5555/callback', 'HTTP://127.0.0.1:5555/callback', '//127.0.0.1/callback', '/callback',
      'http://127.0.0.1:/callback', 'http://127.0.0.1:99999/callback', 'http://127.0.0.1:-1/callback',
      'http://127.0.0.1:80 /callback', ' http://127.0.0.1/callback',
      'http://127.0.0.1/callback ', 'http://127.0.0.1/callback\n', 'http://127.0.0.1/callback\t', 'http://127.0.0.1/cal\tlback',
      'http://127.0.0.1/callback\0', 'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x',
      'http://１２７.0.0.1/callback', 'http://127。0。0。1/callback', 'http://127.0.0.1/callback\u0000.evil',
      `${site.issuer}/callback`, 'http://evil.example/callback', 'http://evil.example:80#@127.0.0.1/callback',
    ];
    for (const address of hostile) {
      for (const change of [{}, { prompt: 'none' }, { response_type: 'token' }, { code_challenge: undefined }]) {
        const answer = await authorize({ ...change, redirect_uri: address });
        assert.equal(answer.status, 400, JSON.stringify(address));
        assert.equal(answer.headers.location, undefined, JSON.stringify(address));
      }
      const pushed = await send('POST', '/oauth/par', {
        headers: basic(partner),
        form: { response_type: 'code', client_id: partner.client_id, redirect_uri: address },
      });
      assert.equal(pushed.status, 400, `pushed ${JSON.stringify(address)}`);
    }
    for (const extra of ['&redirect_uri=http://127.0.0.1/callback', '&client_id=x']) {
      const answer = await authorize({}, extra);
      assert.equal(answer.status, 400, extra);
    }
  });

  it('shows a stranger nothing and sets nothing but the cookie of this browser', async () => {
    const answer = await authorize();
    assert.equal(answer.status, 303);
    assert.match(answer.headers.location, /^\/consent\/[\w-]+$/);
    assert.equal(answer.headers['set-cookie'].length, 1);
    const elsewhere = await send('GET', answer.headers.location);
    assert.ok(!elsewhere.text.includes(native.name), 'the request is bound to its browser');
  });

  it('does not tell strangers which companies exist', async () => {
    const outcome = async (slug) => {
      const { status, headers } = await authorize({ resource: `${site.issuer}/companies/${slug}/mcp` });
      return `${status} ${headers.location?.replace(/consent\/.*/, 'consent')}`;
    };
    assert.equal(await outcome('nobody'), await outcome('clinic'));
  });
});

describe('a request that was pushed', () => {
  const pushed = (form = {}, headers = basic(partner)) =>
    send('POST', '/oauth/par', {
      headers,
      form: { response_type: 'code', redirect_uri: 'http://127.0.0.1/callback', scope: 'products:readonly', ...form },
    });

  it('belongs to the client that pushed it', async () => {
    const { status, body } = await pushed();
    assert.equal(status, 201);
    assert.match(body.request_uri, /^urn:ietf:params:oauth:request_uri:/);
    assert.ok(Number.isInteger(body.expires_in));
    const open = (client) =>
      send('GET', `/oauth/authorize?${new URLSearchParams({ client_id: client.client_id, request_uri: body.request_uri })}`);
    assert.equal((await open(native)).status, 400);
    assert.equal((await open(partner)).status, 303);
  });

  it('is refused at the door when it is faulty', async () => {
    for (const [form, headers, status, error] of [
      [{}, basic({ ...partner, client_secret: 'wrong' }), 401, 'invalid_client'],
      [{ request_uri: 'urn:x' }, undefined, 400, 'invalid_request'],
      [{ response_type: 'token' }, undefined, 400, 'unsupported_response_type'],
      [{ scope: 'nothing:known' }, undefined, 400, 'invalid_scope'],
    ]) {
      assertError(await pushed(form, headers), status, error);
    }
  });
});

describe('the session and the consent page', { timeout: 240_000 }, () => {
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

  const cookies = async (person) =>
    (await person.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const session = async (person) =>
    (await person.context.cookies()).filter(({ name }) => !name.includes('browser')).map(({ value }) => value);
  const url = () =>
    authorizationUrl(native, listener.redirectUri, {
      scope: 'products:readonly',
      state: 's',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    });

  /** The consent form of an open page, as a script could send it. */
  async function form(person) {
    return person.page.evaluate(() => {
      const form = document.querySelector('form#consent') ?? document.querySelector('form');
      return { action: new URL(form.action).pathname, fields: [...new FormData(form)] };
    });
  }

  it('changes its identifier at every step and dies with sign-out', async () => {
    const person = await Person.arrive(browser, user('viewer'));
    await person.page.goto(`${site.issuer}/sign-in`);
    const before = await session(person);
    await person.typePassword();
    await person.page.waitForURL('**/sign-in/verify*');
    const half = await session(person);
    assert.notDeepEqual(half, before);
    await person.typeCode();
    await person.button('Verify').click();
    await person.heading().waitFor();
    await person.page.waitForURL((at) => at.pathname === '/');
    const full = await session(person);
    assert.notDeepEqual(full, half);
    const old = await cookies(person);
    assert.equal((await send('GET', '/', { headers: { cookie: old } })).status, 200);
    await person.button('Sign out').click();
    await person.page.getByText('You are signed out').waitFor();
    assert.equal((await send('GET', '/', { headers: { cookie: old } })).status, 303);
    await person.leave();
  });

  it('takes an approval only from its own page, browser and person', async () => {
    const person = await Person.arrive(browser, user('viewer'));
    const other = await Person.arrive(browser, user('junior'));
    await person.open(url());
    await other.open(url());
    await person.choose(company('acme').name);
    const { action, fields } = await form(person);
    const filled = async (who, leave) =>
      fields.filter(([name]) => name !== leave && name !== 'code').concat([['code', await anyCode(who)]]);
    const post = async (cookie, form, headers = {}) => {
      const answer = await send('POST', action, { form, headers: { cookie, ...headers } });
      const to = answer.headers.location ?? '';
      assert.ok(!to.includes('code='), `${answer.status} ${to}`);
      assert.ok(answer.status >= 400 || to.startsWith('/'), `${answer.status} ${to}`);
    };
    await post(await cookies(other), await filled(other.user));
    await post(await cookies(person), await filled(person.user, 'csrf'));
    await post(await cookies(person), await filled(person.user), { 'sec-fetch-site': 'cross-site' });
    await post('', await filled(person.user));
    const answer = await send('POST', action, {
      form: await filled(person.user),
      headers: { cookie: await cookies(person), 'sec-fetch-site': 'same-origin' },
    });
    assert.equal(answer.status, 303);
    assert.match(answer.headers.location, /[?&]code=/);
    await person.leave();
    await other.leave();
  });

  it('gives one code however often Allow is pressed at once', async () => {
    const person = await Person.arrive(browser, user('partner'));
    await person.open(url());
    await person.choose(company('acme').name);
    const { action, fields } = await form(person);
    const code = await anyCode(person.user);
    const filled = fields.filter(([name]) => name !== 'code').concat([['code', code]]);
    const cookie = await cookies(person);
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => send('POST', action, { form: filled, headers: { cookie } })),
    );
    assert.deepEqual(answers.filter((answer) => answer.status >= 500), []);
    const codes = answers.filter((answer) => answer.headers.location?.includes('code='));
    assert.equal(codes.length, 1);
    await person.leave();
  });
});
