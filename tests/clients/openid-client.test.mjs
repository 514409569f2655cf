// `openid-client`, as most Node programs use it: discovery by the issuer alone.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as client from 'openid-client';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { app, company, site, user } from './site.mjs';

describe('openid-client', { timeout: 240_000 }, () => {
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

  const discover = (kind, authentication) =>
    client.discovery(new URL(site.issuer), app(kind).client_id, undefined, authentication, {
      algorithm: 'oauth2',
    });

  it('connects, calls, refreshes and revokes', async () => {
    const config = await discover('oauth_public', client.None());
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: listener.redirectUri,
      scope: 'customers:readonly offline_access',
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const viewer = await Person.arrive(browser, user('viewer'));
    const back = await viewer.approve(url, listener, { choose: company('acme').name });
    const granted = await client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    assert.equal(granted.scope, 'customers:readonly');
    const call = (token) =>
      client.fetchProtectedResource(config, token, new URL(`${site.api_base}/customers`), 'GET');
    assert.equal((await call(granted.access_token)).status, 200);

    const renewed = await client.refreshTokenGrant(config, granted.refresh_token);
    assert.equal((await call(renewed.access_token)).status, 200);
    await client.tokenRevocation(config, renewed.refresh_token);
    await assert.rejects(call(renewed.access_token), (error) => {
      const [challenge] = error.cause;
      assert.equal(challenge.scheme, 'bearer');
      assert.equal(challenge.parameters.error, 'invalid_token');
      return true;
    });
    await viewer.leave();
  });

  it('gets a token with client credentials', async () => {
    const { client_secret: secret } = app('api_credentials');
    const config = await discover('api_credentials', client.ClientSecretPost(secret));
    const granted = await client.clientCredentialsGrant(config);
    assert.ok(granted.expires_in > 0);
    const answer = await client.tokenIntrospection(config, granted.access_token);
    assert.equal(answer.active, true);
  });
});
