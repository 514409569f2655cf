// What must hold when much happens at once, and when the server dies in between.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { browserHome, startSandbox, temporaryFolder } from './server.mjs';
import { bearer, wireTo } from './wire.mjs';

const AT_ONCE = 48;

describe('a sandbox that is restarted', { timeout: 360_000 }, () => {
  let folder;
  let running;
  let site;
  let send;
  let browser;
  let owner;
  let listener;

  before(async () => {
    folder = await temporaryFolder();
    process.env.COUNTERSIGN_CODES = join(folder.path, 'codes.json');
    await start();
    browser = await openBrowser(await browserHome(folder.path, site.ca_file));
    owner = await Person.arrive(browser, site.users.find((one) => one.email.startsWith('owner@')));
    listener = await callbackListener();
  });

  after(async () => {
    await browser?.close();
    await listener?.close();
    await running?.stop();
    await folder?.remove();
  });

  async function start() {
    const { server, site: printed } = await startSandbox(folder.path);
    running = server;
    site = printed;
    send = wireTo(site);
  }

  const client = () => site.apps.find((app) => app.kind === 'oauth_public');
  const post = (form) => send('POST', '/oauth/token', { form: { client_id: client().client_id, ...form } });
  const refresh = (token) => post({ grant_type: 'refresh_token', refresh_token: token });
  const call = async (token) =>
    (await send('GET', '/api/external/v2/products', { headers: bearer(token) })).status;

  /** A code, and what redeems it. */
  async function code() {
    const { verifier, challenge } = pkce();
    const url = new URL('/oauth/authorize', site.issuer);
    const asked = {
      response_type: 'code',
      client_id: client().client_id,
      redirect_uri: listener.redirectUri,
      scope: 'products:readonly',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    const back = await owner.approve(url, listener, { choose: 'Acme Trading' });
    return {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code'),
      redirect_uri: listener.redirectUri,
      code_verifier: verifier,
    };
  }

  async function connect() {
    const answer = await post(await code());
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }

  it('gives one successor to many refreshes at once', async () => {
    const granted = await connect();
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () => refresh(granted.refresh_token)),
    );
    assert.deepEqual(answers.filter((answer) => answer.status !== 200).map((answer) => answer.text), []);
    assert.equal(new Set(answers.map((answer) => answer.body.refresh_token)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.body.access_token)).size, 1);
    assert.equal(await call(answers[0].body.access_token), 200);
  });

  it('redeems a code once, however often it is sent at once', async () => {
    const form = await code();
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => post(form)));
    assert.deepEqual(answers.filter((answer) => answer.status >= 500), []);
    const granted = answers.filter((answer) => answer.status === 200);
    assert.equal(granted.length, 1);
    assert.equal(await call(granted[0].body.access_token), 401, 'a repeat ended what the code gave');
  });

  it('lets revocation win over refreshes in flight', async () => {
    const granted = await connect();
    const form = { token: granted.refresh_token, client_id: client().client_id };
    const [revoked, ...answers] = await Promise.all([
      send('POST', '/oauth/revoke', { form }),
      ...Array.from({ length: AT_ONCE }, () => refresh(granted.refresh_token)),
    ]);
    assert.equal(revoked.status, 200);
    for (const answer of answers.filter((one) => one.status === 200)) {
      assert.equal(await call(answer.body.access_token), 401);
      assert.equal((await refresh(answer.body.refresh_token)).status, 400);
    }
    assert.equal(await call(granted.access_token), 401);
  });

  it('is the same after it was killed: secrets, tokens, what was used and what was revoked', async () => {
    const before = site;
    const alive = await connect();
    const used = await connect();
    const successor = (await refresh(used.refresh_token)).body;
    const latest = (await refresh(successor.refresh_token)).body;
    const revoked = await connect();
    await send('POST', '/oauth/revoke', {
      form: { token: revoked.refresh_token, client_id: client().client_id },
    });
    const spent = await code();
    assert.equal((await post(spent)).status, 200);

    await running.kill();
    await start();

    assert.deepEqual(site, before);
    assert.equal(await call(alive.access_token), 200);
    assert.equal(await call(latest.access_token), 200);
    assert.equal(await call(revoked.access_token), 401);
    assert.equal((await refresh(revoked.refresh_token)).status, 400);
    assert.equal((await post(spent)).status, 400);
    assert.equal((await refresh(alive.refresh_token)).status, 200);
    assert.equal((await refresh(used.refresh_token)).status, 400, 'a used token stays used');
    assert.equal(await call(latest.access_token), 401, 'its reuse ended the connection');
  });

  it('keeps its secrets to its owner', async () => {
    for (const name of ['sandbox.json', 'master.key', 'countersign.redb', 'tls/ca-key.pem']) {
      const { mode } = await stat(join(site.data_dir, name));
      assert.equal(mode & 0o077, 0, name);
    }
  });
});
