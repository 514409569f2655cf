// Connections and OAuth apps in the workspace, in a real browser: from the consent to the end of access.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { anyCode } from './codes.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl, postForm } from './requests.mjs';
import { api, app, company, site, user } from './site.mjs';

const LIST = '/settings/app-connect/oauth-connections';

describe('connections in the workspace', { timeout: 300_000 }, () => {
  const client = app('oauth_public');
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

  /** Lets the owner connect the sample client to Acme; answers the tokens. */
  async function connect(owner) {
    const { verifier, challenge } = pkce();
    const url = authorizationUrl(client, listener.redirectUri, {
      scope: 'customers:readonly',
      state: 's',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const back = await owner.approve(url, listener, { choose: company('acme').name });
    const answer = await postForm('/oauth/token', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      redirect_uri: listener.redirectUri,
      code: back.searchParams.get('code'),
      code_verifier: verifier,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  async function deletes(options) {
    const owner = await Person.arrive(browser, user('owner'), options);
    try {
      const tokens = await connect(owner);
      assert.equal((await api(tokens.access_token, '/customers')).status, 200);
      await owner.page.goto(site.issuer + LIST);
      await owner.page.getByRole('link', { name: client.name }).first().click();
      assert.match(await owner.text(), /Read customers/);
      await owner.page.getByRole('link', { name: `Delete ${client.name}` }).click();
      await owner.typeCode(await anyCode(owner.user));
      await owner.button(`Delete ${client.name}`).click();
      await owner.page.waitForURL(`**${LIST}`);
      const until = Date.now() + 1000;
      let { status } = await api(tokens.access_token, '/customers');
      while (status !== 401 && Date.now() < until) {
        ({ status } = await api(tokens.access_token, '/customers'));
      }
      assert.equal(status, 401, 'the token stopped within a second');
      const refreshed = await postForm('/oauth/token', {
        grant_type: 'refresh_token',
        client_id: client.client_id,
        refresh_token: tokens.refresh_token,
      });
      assert.equal(refreshed.body.error, 'invalid_grant');
      assert.deepEqual(owner.faults, []);
    } finally {
      await owner.leave();
    }
  }

  it('a deleted connection stops within a second', () => deletes({}));

  it('and so it does without JavaScript', () => deletes({ javaScriptEnabled: false }));
});
