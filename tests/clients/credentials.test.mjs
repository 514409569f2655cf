// API credentials and API tokens from the form to a call, in a real browser, found by labels: what
// stands on the page that shows a secret once is what a real client uses.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import * as oidc from 'openid-client';

import { focused, tabTo } from './accessible.mjs';
import { openBrowser } from './browser.mjs';
import { anyCode } from './codes.mjs';
import { api, company, firm, site, user } from './site.mjs';
import {
  assertStopped, confirm, CONNECT, examine, fill, Folk, follow, headed, issue, MODES, SAVED, take, told, visit,
} from './workspace.mjs';

const CREDENTIALS = `${CONNECT}/api-credentials`;
const TOKENS = `${CONNECT}/api-tokens`;

describe('a person in App Connect', { timeout: 600_000 }, () => {
  const acme = company('acme').name;
  let browser;
  let folk;

  before(async () => {
    browser = await openBrowser();
    folk = new Folk(browser);
  });

  afterEach(() => folk.leave());

  after(() => browser?.close());

  /** Fills the form that makes access, and goes on to the summary. */
  async function draw(person, name, place) {
    await fill(person, { Name: name, Purpose: 'Sends orders from the shop as drafts' });
    await person.field('Company or firm').selectOption({ label: place });
    await person.permission('Read customers').check();
    await person.button('Continue').click();
    await headed(person, name);
  }

  /** Goes from the app's page to the question behind a link, and answers it. */
  async function act(person, home, name, choose = async () => {}) {
    await person.page.goto(home);
    await follow(person, name);
    await choose();
    await confirm(person, name);
  }

  /** Where the app is whose secret is shown. */
  const homeOf = (person) => person.page.url().replace(/\/saved$/, '');

  /** A token by an independent client. */
  async function tokenOf(id, secret) {
    const config = await oidc.discovery(
      new URL(site.issuer), id, secret, oidc.ClientSecretBasic(secret),
      { algorithm: 'oauth2' },
    );
    return (await oidc.clientCredentialsGrant(config)).access_token;
  }

  const inCompany = (token, slug) => api(token, '/customers', { headers: { 'x-company-id': company(slug).id } });

  async function assertIssued(id, secret, status) {
    assert.equal((await issue(id, secret)).status, status);
  }

  for (const { mode, slug, options } of MODES) {
    it(`creates, uses, rotates, revokes, restores and deletes API credentials, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), `${CREDENTIALS}/create`, options);
      const name = `Nightly copy ${slug}`;
      await examine(owner, 'the form');
      await draw(owner, name, acme);
      assert.match(await owner.text(), /It will be able to/);
      await examine(owner, 'the summary');
      await owner.button('Change').click();
      assert.equal(await owner.field('Name').inputValue(), name);
      await owner.button('Continue').click();
      await confirm(owner, `Create ${name}`);
      const id = await owner.field('Client ID').inputValue();
      const home = homeOf(owner);
      await owner.button('Done').click();
      await owner.page.getByText('There is a problem').first().waitFor();
      await examine(owner, 'the secret');
      const download = owner.page.waitForEvent('download');
      await owner.button('Download .env').click();
      assert.equal((await download).suggestedFilename(), 'countersign.env');
      const first = await take(owner, 'Client secret', SAVED);
      const token = await tokenOf(id, first);
      assert.equal((await api(token, '/customers')).status, 200);
      await examine(owner, 'the app');
      assert.ok(!(await owner.page.content()).includes(first));

      await act(owner, home, `Rotate the secret of ${name}`,
        () => owner.page.getByRole('radio', { name: /In 1 hour/ }).check());
      const second = await take(owner, 'Client secret', SAVED);
      for (const secret of [first, second]) await assertIssued(id, secret, 200);
      assert.match(await owner.text(), /Rotating/);
      await act(owner, home, `Rotate the secret of ${name}`,
        () => owner.page.getByRole('radio', { name: /^Now/ }).check());
      const third = await take(owner, 'Client secret', SAVED);
      for (const secret of [first, second]) await assertIssued(id, secret, 401);
      const latest = await tokenOf(id, third);
      assert.equal((await api(latest, '/customers')).status, 200);

      await act(owner, home, `Revoke ${name}`);
      await told(owner, `${name} was revoked.`);
      await assertStopped(latest);
      await assertIssued(id, third, 401);

      await act(owner, home, `Restore ${name}`);
      const fourth = await take(owner, 'Client secret', SAVED);
      await assertIssued(id, third, 401);
      await assertIssued(id, fourth, 200);
      await assertStopped(latest, 'a token from before it was revoked');

      const last = await tokenOf(id, fourth);
      await owner.page.goto(`${home}/delete`);
      await owner.page.getByLabel(/to be sure/).fill('Nightly');
      await confirm(owner, `Delete ${name}`);
      await owner.page.getByText('There is a problem').first().waitFor();
      await owner.page.getByLabel(/to be sure/).fill(name);
      await confirm(owner, `Delete ${name}`);
      await told(owner, `${name} was deleted.`);
      await assertStopped(last);
      await assertIssued(id, fourth, 401);
      await visit(owner, `${CREDENTIALS}?deleted=yes`);
      await follow(owner, name);
      await act(owner, owner.page.url(), `Restore ${name}`);
      const fifth = await take(owner, 'Client secret', SAVED);
      await assertIssued(id, fifth, 200);
    });

    it(`sees in the list what may do what, and when it last did, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), `${CREDENTIALS}/create`, options);
      const name = `Listed sync ${slug}`;
      await draw(owner, name, acme);
      await confirm(owner, `Create ${name}`);
      const id = await owner.field('Client ID').inputValue();
      const secret = await take(owner, 'Client secret', SAVED);
      await visit(owner, CREDENTIALS);
      const row = owner.page.getByRole('row').filter({ hasText: name });
      assert.match(await row.innerText(), /Read 1[\s\S]*Never used/);
      assert.equal((await api(await tokenOf(id, secret), '/customers')).status, 200);
      await visit(owner, CREDENTIALS);
      assert.match(await row.innerText(), /Read 1/);
      assert.doesNotMatch(await row.innerText(), /Never used/);
      await examine(owner, 'the credentials');
    });

    it(`is offered nothing that they do not hold, ${mode}`, async () => {
      const viewer = await folk.at(user('viewer'), `${CREDENTIALS}/create`, options);
      assert.equal(await viewer.permission('Read customers').count(), 1);
      assert.equal(await viewer.permission('Draft customer invoices').count(), 0);
      const owner = await folk.at(user('owner'), `${CREDENTIALS}/create`, options);
      assert.equal(await owner.permission('Draft customer invoices').count(), 1);
    });

    it(`makes API credentials of a firm, which reach its companies or one of them, ${mode}`, async () => {
      const partner = await folk.at(user('partner'), `${CREDENTIALS}/create`, options);
      const name = `Firm sync ${slug}`;
      await draw(partner, name, firm('ledgerwise').name);
      await confirm(partner, `Create ${name}`);
      const id = await partner.field('Client ID').inputValue();
      const secret = await take(partner, 'Client secret', SAVED);
      const wide = await tokenOf(id, secret);
      for (const one of ['acme', 'bakery', 'clinic']) assert.equal((await inCompany(wide, one)).status, 200, one);
      assert.equal((await inCompany(wide, 'acme-test')).status, 403);
      assert.equal((await api(wide, '/customers')).status, 400, 'a call that names no company');
      const narrowed = await issue(id, secret, { company_id: company('bakery').id });
      assert.equal(narrowed.status, 200);
      const narrow = narrowed.body.access_token;
      assert.equal((await api(narrow, '/customers')).status, 200);
      assert.equal((await inCompany(narrow, 'acme')).status, 403);
    });

    it(`generates API tokens of a company and of a firm, uses and deletes them, ${mode}`, async () => {
      for (const { who, place, slugs } of [
        { who: 'viewer', place: acme, slugs: ['acme'] },
        { who: 'partner', place: firm('ledgerwise').name, slugs: ['acme', 'bakery', 'clinic'] },
      ]) {
        const person = await folk.at(user(who), `${TOKENS}/create`, options);
        const name = `Sheet of ${who} ${slug}`;
        await draw(person, name, place);
        await confirm(person, `Generate ${name}`);
        await person.field('Token').waitFor();
        const home = homeOf(person);
        const token = await take(person, 'Token', SAVED);
        for (const one of slugs) assert.equal((await inCompany(token, one)).status, 200, one);
        assert.equal((await inCompany(token, 'acme-test')).status, 403);
        await examine(person, `the token of a ${who}`);
        await act(person, home, `Delete ${name}`);
        await told(person, `${name} was deleted.`);
        await assertStopped(token);
      }
    });
  }

  it('creates, rotates and revokes with the keyboard alone', async () => {
    const junior = await folk.at(user('junior'), `${CREDENTIALS}/create`);
    const { page } = junior;
    const type = async (label, text) => {
      await tabTo(page, label);
      await page.keyboard.type(text);
    };
    const press = async (name, key = 'Enter') => {
      await tabTo(page, name);
      await page.keyboard.press(key);
    };
    await type('Name', 'Keyboard sync');
    await press('Read customers', 'Space');
    await type('Purpose', 'Made without a mouse');
    await press('Continue');
    await junior.button('Create Keyboard sync').waitFor();
    await type('Verification code', await anyCode(junior.user));
    await press('Create Keyboard sync');
    await junior.field('Client secret').waitFor();
    const id = await junior.field('Client ID').inputValue();
    const first = await junior.field('Client secret').inputValue();
    await press(SAVED, 'Space');
    await press('Done');
    await page.waitForURL((url) => !url.pathname.endsWith('/saved'));
    await assertIssued(id, first, 200);

    await press('Rotate the secret of Keyboard sync');
    await junior.button('Rotate the secret of Keyboard sync').waitFor();
    for (let stops = 0; stops < 60; stops += 1) {
      const radio = await page.evaluate(() => document.activeElement.type === 'radio');
      if (radio) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowDown');
    assert.match((await focused(page)).name, /In 1 hour/);
    await type('Verification code', await anyCode(junior.user));
    await press('Rotate the secret of Keyboard sync');
    await junior.field('Client secret').waitFor();
    const second = await junior.field('Client secret').inputValue();
    await press(SAVED, 'Space');
    await press('Done');
    await page.waitForURL((url) => !url.pathname.endsWith('/saved'));
    for (const secret of [first, second]) await assertIssued(id, secret, 200);

    await press('Revoke Keyboard sync');
    await junior.button('Revoke Keyboard sync').waitFor();
    await type('Verification code', await anyCode(junior.user));
    await press('Revoke Keyboard sync');
    await told(junior, 'Keyboard sync was revoked.');
    await assertIssued(id, second, 401);
  });
});
