// What time does, in a real browser, found by labels: the same sandbox is started again 31 days ahead. What was to
// end has ended, with a reason in the activity; what is due or idle stands out, and is reviewed or ended.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { openBrowser } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { browserHome, startSandbox, temporaryFolder } from './server.mjs';
import { wireTo } from './wire.mjs';

const DAYS = '31';

const folder = await temporaryFolder();
let sandbox = await startSandbox(folder.path);
process.env.COUNTERSIGN_SITE = join(folder.path, 'site.json');
process.env.COUNTERSIGN_CODES = join(folder.path, 'codes.json');
await writeFile(process.env.COUNTERSIGN_SITE, JSON.stringify(sandbox.site), { mode: 0o600 });

const { app, company, user } = await import('./site.mjs');
const { authorizationUrl } = await import('./requests.mjs');
const {
  confirm, CONNECT, examine, fact, fill, Folk, follow, headed, link, MODES, SAVED, take, told, visit,
} = await import('./workspace.mjs');

const CREDENTIALS = `${CONNECT}/api-credentials`;
const REVIEWS = `${CONNECT}/reviews`;

describe('a month later', { timeout: 800_000 }, () => {
  const acme = company('acme').name;
  const send = wireTo(sandbox.site);
  const made = {};
  let browser;
  let folk;

  before(async () => {
    browser = await openBrowser(await browserHome(folder.path, sandbox.site.ca_file));
    folk = new Folk(browser);
    await prepare();
    await sandbox.server.stop();
    process.env.COUNTERSIGN_AHEAD = DAYS;
    sandbox = await startSandbox(folder.path, ['--days-ahead', DAYS]);
    folk = new Folk(browser);
  });

  afterEach(() => folk.leave());

  after(async () => {
    delete process.env.COUNTERSIGN_AHEAD;
    await browser?.close();
    await sandbox?.server.stop();
    await folder.remove();
  });

  const issue = ({ id, secret }) => send('POST', '/oauth/token', {
    form: { grant_type: 'client_credentials', client_id: id, client_secret: secret },
  });

  /** API credentials that end at this radio button, are reviewed every 30 days, and work. */
  async function create(person, name, end) {
    await visit(person, `${CREDENTIALS}/create`);
    await fill(person, { Name: name, Purpose: 'Shows what time does' });
    await person.field('Company or firm').selectOption({ label: acme });
    await person.permission('Read customers').check();
    await person.page.getByRole('radio', { name: end, exact: true }).check();
    await person.field('Review').selectOption({ label: 'every 30 days' });
    await person.button('Continue').click();
    await confirm(person, `Create ${name}`);
    const id = await person.field('Client ID').inputValue();
    const created = { id, secret: await take(person, 'Client secret', SAVED), home: person.page.url() };
    assert.equal((await issue(created)).status, 200);
    return created;
  }

  /** A connection of the public sample program: its refresh token. */
  async function connect(person, listener) {
    const client = app('oauth_public');
    const { verifier, challenge } = pkce();
    const back = await person.approve(authorizationUrl(client, listener.redirectUri, {
      scope: 'customers:readonly',
      state: 'x',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }), listener, { choose: acme });
    const answer = await send('POST', '/oauth/token', {
      form: {
        grant_type: 'authorization_code',
        client_id: client.client_id,
        redirect_uri: listener.redirectUri,
        code: back.searchParams.get('code'),
        code_verifier: verifier,
      },
    });
    assert.equal(answer.status, 200);
    return answer.body.refresh_token;
  }

  const refresh = (token) => send('POST', '/oauth/token', {
    form: { grant_type: 'refresh_token', client_id: app('oauth_public').client_id, refresh_token: token },
  });

  async function prepare() {
    const listener = await callbackListener();
    const owner = await folk.at(user('owner'), CONNECT);
    for (const { slug } of MODES) {
      made[slug] = {
        ends: await create(owner, `Month sync ${slug}`, 'In 30 days'),
        stays: await create(owner, `Year sync ${slug}`, 'In a year'),
      };
    }
    const { stays } = made.script;
    await owner.page.goto(stays.home);
    await follow(owner, 'Rotate the secret of Year sync script');
    await owner.page.getByRole('radio', { name: /In 7 days/ }).check();
    await confirm(owner, 'Rotate the secret of Year sync script');
    stays.former = stays.secret;
    stays.secret = await take(owner, 'Client secret', SAVED);
    assert.equal((await issue({ ...stays, secret: stays.former })).status, 200);
    made.refresh = await connect(owner, listener);
    await folk.leave();
    await listener.close();
  }

  for (const { mode, slug, options } of MODES) {
    it(`an app that has reached its day is refused, and the activity says why, ${mode}`, async () => {
      const { ends, stays } = made[slug];
      const refused = await issue(ends);
      assert.equal(refused.status, 401);
      assert.equal(refused.body.error, 'invalid_client');
      assert.equal((await issue(stays)).status, 200);
      const owner = await folk.at(user('owner'), `${CONNECT}/activity`, options);
      await owner.field('Reference from an error page').fill(refused.headers['x-request-id']);
      await owner.button('Look up').click();
      await headed(owner, 'A token request was refused');
      assert.match(await owner.text(), /The app’s day of expiry is over\./);
      assert.equal(await fact(owner, 'App'), `Month sync ${slug}`);
      await examine(owner, 'the cause of an app that has ended');
      await visit(owner, CREDENTIALS);
      const row = (name) => owner.page.getByRole('row').filter({ hasText: name });
      assert.match(await row(`Month sync ${slug}`).innerText(), /Expired/);
      assert.doesNotMatch(await row(`Year sync ${slug}`).innerText(), /Expired/);
      await examine(owner, 'credentials of which some have ended');
    });

    it(`an overdue review stands out until somebody marks it, ${mode}`, async () => {
      const name = `Year sync ${slug}`;
      const owner = await folk.at(user('owner'), CREDENTIALS, options);
      assert.match(await owner.page.getByRole('row').filter({ hasText: name }).innerText(), /Review due/);
      await visit(owner, REVIEWS);
      const due = owner.page.getByRole('region', { name: 'Reviews due' });
      await examine(owner, 'reviews that are due');
      await due.getByRole('link', { name, exact: true }).click();
      await headed(owner, name);
      assert.match(await owner.text(), /Its review is due/);
      await follow(owner, 'Mark as reviewed');
      await headed(owner, `Mark ${name} as reviewed?`);
      await examine(owner, 'marking as reviewed');
      await confirm(owner, `Mark ${name} as reviewed`);
      await told(owner, `The review of ${name} is noted.`);
      await visit(owner, REVIEWS);
      assert.equal(await due.getByRole('link', { name, exact: true }).count(), 0);
      await visit(owner, CREDENTIALS);
      assert.doesNotMatch(await owner.page.getByRole('row').filter({ hasText: name }).innerText(), /Review due/);
    });
  }

  it('the old secret of a rotation has stopped', async () => {
    const { stays } = made.script;
    assert.equal((await issue({ ...stays, secret: stays.former })).status, 401);
    assert.equal((await issue(stays)).status, 200);
  });

  it('what nobody used stands out, and is ended together', async () => {
    const owner = await folk.at(user('owner'), `${CONNECT}/oauth-connections`);
    const { name } = app('oauth_public');
    await owner.page.getByRole('row').filter({ hasText: name }).filter({ hasText: /Idle 31 days/ }).waitFor();
    await examine(owner, 'idle connections');
    await visit(owner, REVIEWS);
    await link(owner, 'Revoke idle (1)').click();
    await examine(owner, 'revoking what is idle');
    await confirm(owner, 'Revoke idle (1)');
    await told(owner, '1 idle connection was ended.');
    assert.equal((await refresh(made.refresh)).body.error, 'invalid_grant');
  });
});
