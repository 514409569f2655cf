// `oauth4webapi`, a strict client: it checks every answer against the RFCs.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as oauth from 'oauth4webapi';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { api, app, company, site, user } from './site.mjs';

const SCOPE = 'customers:readonly products:readonly customer_invoices:readonly';

describe('a client that finds everything in the metadata', { timeout: 480_000 }, () => {
  let as;
  let browser;
  let owner;
  let listener;

  before(async () => {
    const issuer = new URL(site.issuer);
    as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' }),
    );
    browser = await openBrowser();
    owner = await Person.arrive(browser, user('owner'));
    listener = await callbackListener();
  });

  after(async () => {
    assert.deepEqual(owner?.faults, []);
    await browser?.close();
    await listener?.close();
  });

  const publicClient = () => ({ client_id: app('oauth_public').client_id });
  const confidential = () => ({ client_id: app('oauth_confidential').client_id });
  const bySecretPost = (kind) => oauth.ClientSecretPost(app(kind).client_secret);
  const bySecretBasic = (kind) => oauth.ClientSecretBasic(app(kind).client_secret);

  function authorizationUrl(client, parameters) {
    const url = new URL(as.authorization_endpoint);
    const all = {
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: listener.redirectUri,
      ...parameters,
    };
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
    return url;
  }

  /** Code and PKCE with the public client, as a native program does it. */
  async function connect(scope = SCOPE, where = 'acme') {
    const client = publicClient();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = authorizationUrl(client, {
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const back = await owner.approve(url, listener, { choose: company(where).name });
    const parameters = oauth.validateAuthResponse(as, client, back, state);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      listener.redirectUri,
      verifier,
    );
    return oauth.processAuthorizationCodeResponse(as, client, response);
  }

  async function refresh(token) {
    const client = publicClient();
    const response = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), token);
    return oauth.processRefreshTokenResponse(as, client, response);
  }

  it('finds an issuer that answers its own metadata and promises iss', () => {
    assert.equal(as.issuer, site.issuer);
    assert.equal(as.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(as.code_challenge_methods_supported, ['S256']);
    assert.deepEqual(as.response_types_supported, ['code']);
    for (const grant of ['authorization_code', 'refresh_token', 'client_credentials']) {
      assert.ok(as.grant_types_supported.includes(grant), grant);
    }
    for (const [name, value] of Object.entries(as)) {
      assert.notEqual(value, null, name);
      assert.notEqual(value, '', name);
      if (Array.isArray(value)) assert.notEqual(value.length, 0, name);
    }
  });

  it('connects with PKCE, calls, refreshes and revokes', async () => {
    const granted = await connect();
    assert.equal(granted.token_type, 'bearer');
    assert.deepEqual(new Set(granted.scope.split(' ')), new Set(SCOPE.split(' ')));

    const customers = await api(granted.access_token, '/customers');
    assert.equal(customers.status, 200);
    assert.ok(customers.body.items.length > 0);

    const refused = await api(granted.access_token, '/trial_balance');
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.body, {
      error: 'forbidden',
      message: 'Missing scope: trial_balance:readonly',
    });
    const challenge = refused.headers.get('www-authenticate');
    assert.match(challenge, /error="insufficient_scope"/);
    assert.match(challenge, /scope="trial_balance:readonly"/);

    const renewed = await refresh(granted.refresh_token);
    assert.notEqual(renewed.access_token, granted.access_token);
    assert.notEqual(renewed.refresh_token, granted.refresh_token);
    assert.equal((await api(renewed.access_token, '/customers')).status, 200);

    const response = await oauth.revocationRequest(
      as,
      publicClient(),
      oauth.None(),
      renewed.refresh_token,
    );
    await oauth.processRevocationResponse(response);
    assert.equal((await api(renewed.access_token, '/customers')).status, 401);
    await assert.rejects(refresh(renewed.refresh_token), { error: 'invalid_grant' });
  });

  it('gets the same tokens again when the reply to a refresh was lost', async () => {
    const granted = await connect('products:readonly');
    const first = await refresh(granted.refresh_token);
    const again = await refresh(granted.refresh_token);
    assert.equal(again.access_token, first.access_token);
    assert.equal(again.refresh_token, first.refresh_token);
    assert.ok(again.expires_in <= first.expires_in);

    const onwards = await refresh(first.refresh_token);
    assert.equal((await api(onwards.access_token, '/products')).status, 200);
    await assert.rejects(refresh(granted.refresh_token), { error: 'invalid_grant' });
    assert.equal((await api(onwards.access_token, '/products')).status, 401);
    await assert.rejects(refresh(onwards.refresh_token), { error: 'invalid_grant' });
  });

  it('cannot use a code twice, and a repeat ends what the code gave', async () => {
    const client = publicClient();
    const verifier = oauth.generateRandomCodeVerifier();
    const url = authorizationUrl(client, {
      scope: 'products:readonly',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const back = await owner.approve(url, listener, { choose: company('acme').name });
    const parameters = oauth.validateAuthResponse(as, client, back, oauth.expectNoState);
    const redeem = (proof = verifier) =>
      oauth
        .authorizationCodeGrantRequest(as, client, oauth.None(), parameters, listener.redirectUri, proof)
        .then((response) => oauth.processAuthorizationCodeResponse(as, client, response));
    const stranger = oauth.generateRandomCodeVerifier();
    await assert.rejects(redeem(stranger), { error: 'invalid_grant' });
    const granted = await redeem();
    await assert.rejects(redeem(stranger), { error: 'invalid_grant' });
    assert.equal((await api(granted.access_token, '/products')).status, 200);
    await assert.rejects(redeem(), { error: 'invalid_grant' });
    assert.equal((await api(granted.access_token, '/products')).status, 401);
  });

  it('gets a token with client credentials, by Basic and by post', async () => {
    const client = { client_id: app('api_credentials').client_id };
    for (const authentication of [bySecretBasic('api_credentials'), bySecretPost('api_credentials')]) {
      const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, {});
      const granted = await oauth.processClientCredentialsResponse(as, client, response);
      assert.equal(granted.refresh_token, undefined);
      assert.deepEqual(
        new Set(granted.scope.split(' ')),
        new Set(app('api_credentials').scope.split(' ')),
      );
      assert.equal((await api(granted.access_token, '/me')).status, 200);
    }
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.ClientSecretBasic('wrong'),
      {},
    );
    await assert.rejects(oauth.processClientCredentialsResponse(as, client, response), (error) => {
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate'), /^Basic/);
      return error.error === 'invalid_client' || error.cause?.[0]?.scheme === 'basic';
    });
  });

  it('lets a resource server introspect, and tells of a dead token nothing', async () => {
    const client = { client_id: app('resource_server').client_id };
    const ask = async (token) => {
      const response = await oauth.introspectionRequest(as, client, bySecretBasic('resource_server'), token);
      return oauth.processIntrospectionResponse(as, client, response);
    };
    const granted = await connect('customers:readonly');
    const alive = await ask(granted.access_token);
    assert.equal(alive.active, true);
    assert.equal(alive.scope, 'customers:readonly');
    assert.equal(alive.client_id, publicClient().client_id);
    assert.equal(alive.iss, site.issuer);
    assert.ok(alive.exp > Date.now() / 1000);

    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, publicClient(), oauth.None(), granted.access_token),
    );
    assert.deepEqual(await ask(granted.access_token), { active: false });
    assert.deepEqual(await ask('unknown'), { active: false });
  });

  it('pushes its request ahead with the confidential client', async () => {
    const client = confidential();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, bySecretBasic('oauth_confidential'), {
        response_type: 'code',
        redirect_uri: listener.redirectUri,
        scope: SCOPE,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    );
    const url = new URL(as.authorization_endpoint);
    url.searchParams.set('client_id', client.client_id);
    url.searchParams.set('request_uri', pushed.request_uri);
    const back = await owner.approve(url, listener, { choose: company('acme').name });
    const parameters = oauth.validateAuthResponse(as, client, back, state);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      bySecretBasic('oauth_confidential'),
      parameters,
      listener.redirectUri,
      verifier,
    );
    const granted = await oauth.processAuthorizationCodeResponse(as, client, response);
    assert.equal((await api(granted.access_token, '/products')).status, 200);

    await owner.page.goto(url.href);
    assert.equal(listener.cameBack(), false);
    assert.equal(await owner.button('Allow access').count(), 0);
    assert.match(await owner.text(), /Nothing was shared/);
  });

  it('redeems a code without PKCE when it is confidential, and only then', async () => {
    const client = confidential();
    const state = oauth.generateRandomState();
    const url = authorizationUrl(client, { scope: 'products:readonly', state });
    const back = await owner.approve(url, listener, { choose: company('acme-test').name });
    const parameters = oauth.validateAuthResponse(as, client, back, state);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      bySecretPost('oauth_confidential'),
      parameters,
      listener.redirectUri,
      oauth.nopkce,
    );
    const granted = await oauth.processAuthorizationCodeResponse(as, client, response);
    const products = await api(granted.access_token, '/products');
    assert.ok(products.body.items.every((item) => item.label.startsWith('Test ')));

    await owner.page.goto(authorizationUrl(publicClient(), { scope: SCOPE, state }).href);
    const refused = await listener.next();
    assert.throws(
      () => oauth.validateAuthResponse(as, publicClient(), refused, state),
      (error) => error.error === 'invalid_request',
    );
  });
});
