// API credentials and API tokens from the form to a call, in a real browser, found by labels: what
// stands on the page that shows a secret once is what a real client uses.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import * as oidc from 'openid-client';

import { assertAccessible, focused, tabTo } from './accessible.mjs';
import { openBrowser, Person } from './browser.mjs';
import { anyCode } from './codes.mjs';
import { postForm } from './requests.mjs';
import { api, company, site, user } from './site.mjs';

const CREDENTIALS = '/settings/app-connect/api-credentials';
const TOKENS = '/settings/app-connect/api-tokens';
const SAVED = 'I have saved it in a password manager or vault';

describe('a person in App Connect', { timeout: 600_000 }, () => {
  let browser;
  let people = [];

  before(async () => {
    browser = await openBrowser();
  });

  afterEach(async () => {
    const faults = people.flatMap((person) => person.faults);
    for (const person of people) await person.leave();
    people = [];
    assert.deepEqual(faults, []);
  });

  after(async () => {
    await browser?.close();
  });

  /** Somebody at the page of this path, signed in on the way. */
  async function at(name, path, options) {
    const person = await Person.arrive(browser, user(name), options);
    people.push(person);
    await person.page.goto(new URL(path, site.issuer).href);
    await person.signIn();
    assert.equal(new URL(person.page.url()).pathname, path);
    return person;
  }

  /** Fills the form that makes access, and goes on to the summary. */
  async function fill(person, name, place = company('acme-test').name) {
    await person.field('Name').fill(name);
    await person.field('Company or firm').selectOption({ label: place });
    await person.permission('Read customers').check();
    await person.field('Purpose').fill('Sends orders from the shop as drafts');
    await person.button('Continue').click();
    await person.heading().filter({ hasText: name }).waitFor();
  }

  async function confirm(person, button) {
    await person.typeCode();
    await person.button(button).click();
  }

  /** Takes what is shown once and says that it is saved. */
  async function take(person, label = 'Client secret') {
    const secret = await person.field(label).inputValue();
    await person.page.getByRole('checkbox', { name: SAVED }).check();
    await person.button('Done').click();
    await person.page.getByRole('status').first().waitFor();
    return secret;
  }

  async function act(person, home, link, button, choose = async () => {}) {
    await person.page.goto(home);
    await person.page.getByRole('link', { name: link, exact: true }).click();
    await choose();
    await confirm(person, button);
  }

  async function tokenOf(id, secret) {
    const config = await oidc.discovery(
      new URL(site.issuer), id, secret, oidc.ClientSecretBasic(secret),
      { algorithm: 'oauth2' },
    );
    return (await oidc.clientCredentialsGrant(config)).access_token;
  }

  const issue = (id, secret) =>
    postForm('/oauth/token', {
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    });

  it('creates, uses, rotates, revokes, restores and deletes API credentials', async () => {
    const owner = await at('owner', `${CREDENTIALS}/create`);
    await assertAccessible(owner.page, 'the form');
    await fill(owner, 'Nightly sync');
    assert.match(await owner.text(), /It will be able to/);
    await assertAccessible(owner.page, 'the summary');
    await confirm(owner, 'Create Nightly sync');
    const id = await owner.field('Client ID').inputValue();
    const home = owner.page.url().replace(/\/saved$/, '');
    await owner.button('Done').click();
    await owner.page.getByText('There is a problem').first().waitFor();
    await assertAccessible(owner.page, 'the secret');
    const download = owner.page.waitForEvent('download');
    await owner.button('Download .env').click();
    assert.equal((await download).suggestedFilename(), 'countersign.env');
    const first = await take(owner);
    const token = await tokenOf(id, first);
    assert.equal((await api(token, '/customers')).status, 200);
    await assertAccessible(owner.page, 'the app');
    assert.ok(!(await owner.page.content()).includes(first));

    await act(owner, home, 'Rotate the secret of Nightly sync', 'Rotate the secret of Nightly sync',
      () => owner.page.getByRole('radio', { name: /In 1 hour/ }).check());
    const second = await take(owner);
    for (const secret of [first, second]) assert.equal((await issue(id, secret)).status, 200);
    assert.match(await owner.text(), /Rotating/);

    await act(owner, home, 'Revoke Nightly sync', 'Revoke Nightly sync');
    await owner.page.waitForURL(home);
    const since = Date.now();
    assert.equal((await api(token, '/customers')).status, 401);
    assert.ok(Date.now() - since < 1000);

    await act(owner, home, 'Restore Nightly sync', 'Restore Nightly sync');
    const third = await take(owner);
    assert.equal((await issue(id, third)).status, 200);
    assert.equal((await api(token, '/customers')).status, 401);

    await owner.page.goto(`${home}/delete`);
    await owner.page.getByLabel(/to be sure/).fill('Nightly');
    await confirm(owner, 'Delete Nightly sync');
    await owner.page.getByText('There is a problem').first().waitFor();
    await owner.page.getByLabel(/to be sure/).fill('Nightly sync');
    await confirm(owner, 'Delete Nightly sync');
    await owner.page.waitForURL(`**${CREDENTIALS}`);
    assert.equal((await issue(id, third)).status, 401);
    await act(owner, home, 'Restore Nightly sync', 'Restore Nightly sync');
    const fourth = await take(owner);
    assert.equal((await issue(id, fourth)).status, 200);
  });

  it('generates an API token, uses it, and deletes it', async () => {
    const viewer = await at('viewer', `${TOKENS}/create`);
    await fill(viewer, 'Spreadsheet refresh', company('acme').name);
    await confirm(viewer, 'Generate Spreadsheet refresh');
    await viewer.field('Token').waitFor();
    const home = viewer.page.url().replace(/\/saved$/, '');
    const token = await take(viewer, 'Token');
    assert.equal((await api(token, '/customers')).status, 200);
    await assertAccessible(viewer.page, 'the token');
    await act(viewer, home, 'Delete Spreadsheet refresh', 'Delete Spreadsheet refresh');
    await viewer.page.waitForURL(`**${TOKENS}`);
    assert.equal((await api(token, '/customers')).status, 401);
  });

  it('does the same without JavaScript', async () => {
    const partner = await at('partner', `${CREDENTIALS}/create`, { javaScriptEnabled: false });
    await fill(partner, 'Plain sync', company('bakery').name);
    await partner.button('Change').click();
    assert.equal(await partner.field('Name').inputValue(), 'Plain sync');
    await partner.button('Continue').click();
    await confirm(partner, 'Create Plain sync');
    const id = await partner.field('Client ID').inputValue();
    const home = partner.page.url().replace(/\/saved$/, '');
    const first = await take(partner);
    assert.equal((await issue(id, first)).status, 200);
    await act(partner, home, 'Rotate the secret of Plain sync', 'Rotate the secret of Plain sync',
      () => partner.page.getByRole('radio', { name: /^Now/ }).check());
    const second = await take(partner);
    assert.equal((await issue(id, first)).status, 401);
    assert.equal((await issue(id, second)).status, 200);
    await act(partner, home, 'Revoke Plain sync', 'Revoke Plain sync');
    await partner.page.waitForURL(home);
    assert.equal((await issue(id, second)).status, 401);
  });

  it('does the same with the keyboard alone', async () => {
    const junior = await at('junior', `${CREDENTIALS}/create`);
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
    assert.equal((await issue(id, first)).status, 200);

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
    for (const secret of [first, second]) assert.equal((await issue(id, secret)).status, 200);

    await press('Revoke Keyboard sync');
    await junior.button('Revoke Keyboard sync').waitFor();
    await type('Verification code', await anyCode(junior.user));
    await press('Revoke Keyboard sync');
    await junior.page.getByRole('status').first().waitFor();
    assert.equal((await issue(id, second)).status, 401);
  });
});
