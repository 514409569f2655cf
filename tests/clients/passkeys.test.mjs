// A passkey in a real browser, with Chromium's virtual authenticator: added, used to sign in, to allow
// access and to confirm, and removed.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { assertAccessible } from './accessible.mjs';
import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { authenticatorCode } from './codes.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { app, site, user } from './site.mjs';

const SECURITY = `${site.issuer}/settings/security`;

/** A platform authenticator that verifies whoever sits before it, or does not. */
async function authenticator(person, isUserVerified = true) {
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () =>
      (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verifies: (verified) =>
      devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: verified }),
  };
}

describe('a person with a passkey', { timeout: 480_000 }, () => {
  let browser;
  let listener;
  let person;
  let key;

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
    person = await Person.arrive(browser, user('owner'));
    key = await authenticator(person);
    await addPasskey();
  });

  afterEach(() => assert.deepEqual(person.faults, []));

  after(async () => {
    await person?.leave();
    await browser?.close();
    await listener?.close();
  });

  /** Signs in with a code, and adds the passkey with another one. */
  async function addPasskey() {
    const { page } = person;
    await page.goto(SECURITY);
    await person.signIn(await authenticatorCode(person.user));
    await page.waitForURL(SECURITY);
    await assertAccessible(page, 'security');
    await link('Add a passkey').click();
    await assertAccessible(page, 'add a passkey');
    await person.field('Name').fill('Laptop');
    await person.typeCode(await authenticatorCode(person.user));
    await person.button('Add a passkey').click();
    await page.waitForURL(SECURITY);
    assert.match(await person.text(), /The second factor was added\./);
  }

  const link = (name) => person.page.getByRole('link', { name, exact: true });
  const withPasskey = () => person.button('Use a passkey instead').click();

  it('is added with a code, and stands there with its name and the browser', async () => {
    await person.page.goto(SECURITY);
    assert.match(await person.text(), /Laptop/);
    assert.match(await person.text(), /Chrome, Linux/);
    assert.equal((await key.credentials()).length, 1);
  });

  it('signs in with it, with no code at all', async () => {
    const { page } = person;
    await page.context().clearCookies();
    await page.goto(SECURITY);
    await person.typePassword();
    await page.waitForURL('**/sign-in/verify*');
    await assertAccessible(page, 'the second step with a passkey');
    await withPasskey();
    await page.waitForURL(SECURITY);
    assert.match(await person.heading().innerText(), /Security/);
  });

  it('allows access with it', async () => {
    const { challenge } = pkce();
    const url = authorizationUrl(app('oauth_public'), listener.redirectUri, {
      scope: 'customers:readonly',
      state: 'the state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    await person.page.goto(String(url));
    await person.button('Allow access').waitFor();
    await withPasskey();
    const back = await listener.next();
    assert.equal(back.searchParams.get('error'), null, back.search);
    assert.ok(back.searchParams.get('code'));
    // The program has it before the browser has shown its answer.
    await person.page.waitForURL((url) => url.pathname === '/callback');
  });

  it('is not let in when the authenticator verified nobody', async () => {
    await key.verifies(false);
    await person.page.goto(`${SECURITY}/recovery-codes`);
    await withPasskey();
    await person.page.getByText('The passkey was not used').waitFor();
    await key.verifies(true);
    assert.equal(person.page.url(), `${SECURITY}/recovery-codes`);
  });

  it('makes new recovery codes with it, which are shown once', async () => {
    const { page } = person;
    await page.goto(`${SECURITY}/recovery-codes`);
    await withPasskey();
    await page.waitForURL('**/sign-in/recovery-codes*');
    assert.equal(await page.locator('ol.codes li').count(), 10);
    await page.getByRole('checkbox').check();
    await page.locator('button[type=submit].wide').click();
    await page.waitForURL(SECURITY);
  });

  it('revokes an app with it', async () => {
    const { page } = person;
    const credentials = app('api_credentials');
    await page.goto(
      `${site.issuer}/settings/app-connect/api-credentials/${credentials.client_id}/revoke`,
    );
    await withPasskey();
    await page.waitForURL((url) => !url.pathname.endsWith('/revoke'));
  });

  it('removes the authenticator app by it, and then cannot remove the passkey', async () => {
    const { page } = person;
    await page.goto(SECURITY);
    await link('Remove Authenticator app').click();
    await assertAccessible(page, 'remove a second factor');
    await withPasskey();
    await page.waitForURL(SECURITY);
    assert.match(await person.text(), /The second factor was removed\./);
    assert.match(await person.text(), /Your only one/);
    assert.equal(await page.getByRole('link', { name: /^Remove/ }).count(), 0);
  });

  it('is told when the same authenticator is to make another one', async () => {
    const { page } = person;
    await page.goto(`${SECURITY}/passkeys/add`);
    await person.field('Name').fill('Twice');
    await withPasskey();
    await page.getByText('The browser made no passkey').waitFor();
    assert.equal((await key.credentials()).length, 1);
  });
});
