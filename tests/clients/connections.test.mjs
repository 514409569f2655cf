// OAuth connections in a real browser, found by labels: from the consent to the list, the detail and the end; the
// addresses by which assistants connect; registering an app; and test and production apart.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { api, app, company, site, user } from './site.mjs';
import {
  assertMayDraft, assertMayNotDraft, assertStopped, confirm, CONNECT, examine, fact, fill, Folk, follow, headed,
  issue, letIn, MODES, SAVED, switchTo, take, told, visit,
} from './workspace.mjs';

const CONNECTIONS = `${CONNECT}/oauth-connections`;
const CREDENTIALS = `${CONNECT}/api-credentials`;
const LOGO = fileURLToPath(new URL('../../src/domain/logo/samples/plain.png', import.meta.url));
/** No logo, whatever it is called. */
const DRAWING = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');

describe('what people connect', { timeout: 600_000 }, () => {
  const acme = company('acme');
  const test = company('acme-test');
  let browser;
  let listener;
  let folk;

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
    folk = new Folk(browser);
  });

  afterEach(() => folk.leave());

  after(async () => {
    await browser?.close();
    await listener?.close();
  });

  for (const { mode, slug, options } of MODES) {
    it(`is listed, looked at, narrowed and deleted, and stops at once, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), CONNECT, options);
      const { name } = app('oauth_public');
      const tokens = await letIn(owner, listener, {
        place: acme.name,
        scope: 'customers:readonly customer_invoices:all',
      });
      await assertMayDraft(tokens.access_token);
      assert.equal((await api(tokens.access_token, '/customers')).status, 200);

      await visit(owner, CONNECTIONS);
      await headed(owner, 'OAuth connections');
      await owner.page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'Active' }).first().waitFor();
      await examine(owner, 'the connections');
      await owner.page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'Active' })
        .getByRole('link').first().click();
      await headed(owner, name);
      const home = owner.page.url();
      assert.match(await fact(owner, 'Allowed by'), /^Olive Owner/);
      assert.match(await fact(owner, 'Last used'), /127\.0\.0\.1/);
      assert.equal(await fact(owner, 'Client ID'), app('oauth_public').client_id);
      assert.match(await owner.text(), /customer_invoices:all/);
      await examine(owner, 'a connection');

      // Less at once, and nothing more without a new consent.
      await follow(owner, 'Change');
      await examine(owner, 'changing a connection');
      await owner.permission('Draft customer invoices').uncheck();
      await fill(owner, { Purpose: 'Answers questions about customers' });
      await owner.button('Save').click();
      await told(owner, 'Saved.');
      await assertMayNotDraft(tokens.access_token);
      assert.equal((await api(tokens.access_token, '/customers')).status, 200);
      assert.equal(await fact(owner, 'Purpose'), 'Answers questions about customers');

      await owner.page.goto(home);
      await follow(owner, `Delete ${name}`);
      await headed(owner, `Delete the connection of ${name}?`);
      await examine(owner, 'deleting a connection');
      await owner.typeCode();
      await owner.button(`Delete ${name}`).click();
      await told(owner, 'It has no access any more.');
      await assertStopped(tokens.access_token);
      assert.equal((await tokens.refresh()).body.error, 'invalid_grant');
    });

    it(`has an MCP URL for each company, and words for each assistant, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), `${CONNECT}/mcp-server`, options);
      assert.equal(await owner.field('MCP URL').inputValue(), acme.mcp_url);
      const copy = owner.page.getByRole('button', { name: 'Copy MCP URL', exact: true });
      assert.equal(await copy.count(), owner.runsScripts ? 1 : 0, 'Copy is offered where it can work');
      if (owner.runsScripts) {
        await owner.context.grantPermissions(['clipboard-read', 'clipboard-write']);
        await copy.click();
        await owner.page.getByText('Copied').first().waitFor();
        assert.equal(await owner.page.evaluate(() => navigator.clipboard.readText()), acme.mcp_url);
      }
      await owner.button('Check whether it can be reached').click();
      await owner.page.getByText('localhost is a private address').waitFor();
      await examine(owner, 'the MCP server');
      await follow(owner, 'Connect an assistant');
      await headed(owner, 'Integrations');
      assert.equal(await owner.field('MCP URL').inputValue(), acme.mcp_url);
      for (const name of ['ChatGPT', 'Claude', 'Claude Code', 'VS Code', 'Cursor']) {
        await owner.page.getByRole('heading', { name, exact: true }).waitFor();
      }
      for (const code of ['Command', 'mcp.json for VS Code', 'mcp.json for Cursor']) {
        assert.ok((await owner.field(code).inputValue()).includes(acme.mcp_url), code);
      }
      await examine(owner, 'the integrations');
    });

    for (const kind of ['Public', 'Confidential']) {
      it(`comes from a ${kind.toLowerCase()} app that was registered here, ${mode}`, async () => {
        const owner = await folk.at(user('owner'), `${CONNECT}/oauth-apps`, options);
        const name = `Harbour ${kind} ${slug}`;
        const confidential = kind === 'Confidential';
        await follow(owner, 'Register OAuth app');
        await fill(owner, { Name: name, 'Redirect URIs': 'javascript:alert(1)', Purpose: 'Shows partners their invoices' });
        await owner.page.getByRole('radio', { name: kind, exact: true }).check();
        await owner.permission('Read customers').check();
        await owner.field('Logo').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: DRAWING });
        await owner.button('Continue').click();
        await owner.page.getByText('There is a problem').first().waitFor();
        await owner.page.getByText('This is not a whole PNG, JPEG or WebP picture.').first().waitFor();
        if (confidential) await examine(owner, 'registering with a fault');
        await owner.field('Redirect URIs').fill(listener.redirectUri);
        await owner.field('Logo').setInputFiles(LOGO);
        await owner.button('Continue').click();
        await headed(owner, `Register ${name}?`);
        assert.match(await owner.text(), /PNG, 32 × 24/);
        if (confidential) await examine(owner, 'registering, before it is done');
        await confirm(owner, `Register ${name}`);
        const client = { client_id: await owner.field('Client ID').inputValue() };
        if (confidential) {
          client.client_secret = await take(owner, 'Client secret', SAVED);
        } else {
          assert.equal(await owner.field('Client secret').count(), 0, 'a public app has no secret');
          await owner.button('Done').click();
        }
        await told(owner, `${name} was registered.`);
        const tokens = await letIn(owner, listener, { place: acme.name, scope: 'customers:readonly', client });
        assert.equal((await api(tokens.access_token, '/customers')).status, 200);
        assert.equal((await tokens.refresh()).status, 200);
        await visit(owner, CONNECTIONS);
        await owner.page.getByRole('row').filter({ hasText: name }).waitFor();
        if (!confidential) return;

        await visit(owner, `${CONNECT}/oauth-apps`);
        await examine(owner, 'the OAuth apps');
        await owner.page.getByRole('row').filter({ hasText: name }).getByRole('link').first().click();
        await headed(owner, name);
        const logo = owner.page.locator('main img');
        assert.equal(await logo.evaluate((image) => image.naturalWidth), 32, 'the logo is shown, and from here');
        await examine(owner, 'an OAuth app');
        await follow(owner, 'Change');
        await headed(owner, 'Change OAuth app');
        await examine(owner, 'changing an OAuth app');
        await owner.page.getByRole('checkbox', { name: 'Use no logo', exact: true }).check();
        await fill(owner, { Name: `${name} again` });
        await owner.button('Continue').click();
        await headed(owner, `Change ${name} again?`);
        await examine(owner, 'changing an OAuth app, before it is done');
        await confirm(owner, `Change ${name} again`);
        await headed(owner, `${name} again`);
        assert.equal(await logo.count(), 0);
      });
    }

    it(`is filled in for a known program, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), `${CONNECT}/oauth-apps/create`, options);
      await follow(owner, 'Claude');
      assert.equal(await owner.field('Name').inputValue(), 'Claude');
      assert.match(await owner.field('Redirect URIs').inputValue(), /claude\.ai\/api\/mcp\/auth_callback/);
      assert.equal(await owner.field('MCP URL').inputValue(), acme.mcp_url);
      await examine(owner, 'registering a known program');
    });

    it(`is handed over to who holds its permissions, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), `${CREDENTIALS}/create`, options);
      const name = `Handed sync ${slug}`;
      await fill(owner, { Name: name, Purpose: 'Counts customers' });
      await owner.page.getByLabel('Company or firm').selectOption({ label: acme.name });
      await owner.permission('Read customers').check();
      await owner.page.getByRole('checkbox', { name: 'Made for MCP', exact: true }).check();
      await examine(owner, 'the form of API credentials');
      await owner.button('Continue').click();
      await confirm(owner, `Create ${name}`);
      await take(owner, 'Client secret', SAVED);
      await follow(owner, 'Hand over');
      await headed(owner, `Hand ${name} over?`);
      await examine(owner, 'handing over');
      await confirm(owner, `Hand ${name} over`);
      await told(owner, `${name} was handed over.`);
      assert.match(await fact(owner, 'Delegated by'), /^(?!Olive)/);
      await examine(owner, 'API credentials that were handed over');
    });

    it(`comes from a program that registered itself, which is approved, blocked and unblocked, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), CONNECT, options);
      const name = `Stray assistant ${slug}`;
      const registered = await fetch(new URL('/oauth/register', site.issuer), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_name: name,
          redirect_uris: [listener.redirectUri],
          token_endpoint_auth_method: 'none',
        }),
      });
      assert.equal(registered.status, 201);
      const tokens = await letIn(owner, listener, {
        place: acme.name,
        scope: 'customers:readonly',
        client: await registered.json(),
      });
      assert.equal((await api(tokens.access_token, '/customers')).status, 200);

      await visit(owner, `${CONNECT}/oauth-apps`);
      const row = owner.page.getByRole('row').filter({ hasText: `“${name}”` });
      await row.filter({ hasText: 'Unreviewed' }).getByRole('link').first().click();
      const home = owner.page.url();
      await examine(owner, 'a program that registered itself');
      const judge = async (act, said) => {
        await owner.page.goto(home);
        await owner.page.getByRole('link', { name: new RegExp(`^${act} `) }).click();
        await examine(owner, `whether to ${act.toLowerCase()} a program`);
        await owner.typeCode();
        await owner.page.getByRole('button', { name: new RegExp(`^${act} `) }).click();
        await told(owner, said);
      };
      await judge('Approve', 'was approved.');
      await owner.page.getByText('Approved', { exact: true }).first().waitFor();
      await judge('Block', 'is blocked.');
      await assertStopped(tokens.access_token);
      assert.notEqual((await tokens.refresh()).status, 200);
      await judge('Unblock', 'is no longer blocked.');
      const again = await letIn(owner, listener, {
        place: acme.name,
        scope: 'customers:readonly',
        client: { client_id: new URL(home).pathname.split('/').at(-1) },
      });
      assert.equal((await api(again.access_token, '/customers')).status, 200);
    });

    it(`is apart in test and production: publishing makes another app, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), CONNECT, options);
      const name = `Shop sync ${slug}`;
      await switchTo(owner, test.name);
      assert.match(await owner.text(), /is a test company\. Nothing here is real\./);
      await examine(owner, 'a test company');
      await visit(owner, `${CREDENTIALS}/create`);
      await fill(owner, { Name: name, Purpose: 'Sends orders from the shop as drafts' });
      await owner.permission('Read customers').check();
      await owner.button('Continue').click();
      await confirm(owner, `Create ${name}`);
      assert.match(await owner.text(), /It works in the test company only, and is refused in production\./);
      await examine(owner, 'the secret of a test app');
      const id = await owner.field('Client ID').inputValue();
      const home = owner.page.url().replace(/\/saved$/, '');
      const secret = await take(owner, 'Client secret', SAVED);
      assert.match(secret, /test/, 'a test secret says so');
      const inTest = (await issue(id, secret)).body.access_token;
      const named = (token, one) => api(token, '/customers', { headers: { 'x-company-id': one.id } });
      assert.equal((await named(inTest, test)).status, 200);
      assert.equal((await named(inTest, acme)).status, 403);

      await owner.page.goto(home);
      await follow(owner, `Publish ${name}`);
      await examine(owner, 'publishing');
      await owner.field('Company or firm').selectOption({ label: acme.name });
      await owner.button('Continue').click();
      await headed(owner, `Publish ${name}?`);
      await confirm(owner, `Publish ${name}`);
      const published = await owner.field('Client ID').inputValue();
      const real = await take(owner, 'Client secret', SAVED);
      assert.notEqual(published, id);
      assert.doesNotMatch(real, /test/);
      const inProduction = (await issue(published, real)).body.access_token;
      assert.equal((await named(inProduction, acme)).status, 200);
      assert.equal((await named(inProduction, test)).status, 403);
      assert.equal((await issue(published, secret)).status, 401, 'the test secret');
      assert.equal((await named(inTest, test)).status, 200, 'the test app stays');

      await switchTo(owner, acme.name);
      await visit(owner, CREDENTIALS);
      await owner.page.getByRole('row').filter({ hasText: name }).waitFor();
      await switchTo(owner, test.name);
      await visit(owner, CREDENTIALS);
      await owner.page.getByRole('row').filter({ hasText: name }).waitFor();
      await switchTo(owner, acme.name);
    });
  }
});
