// People of a company from the invitation to the end, in a real browser, found by labels: what happens to
// their access when their role changes, when they lose a factor, when they leave, and when all access is ended.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { openBrowser } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { api, company, user } from './site.mjs';
import {
  assertMayDraft, assertMayNotDraft, assertStopped, confirm, CONNECT, COPIED_LINK, enrol, examine, fill, Folk, follow,
  headed, issue, letIn, MODES, SAVED, switchTo, take, told, visit,
} from './workspace.mjs';

const PEOPLE = '/settings/people';
const ASKED = 'customers:readonly customer_invoices:all';

describe('the people of a company', { timeout: 600_000 }, () => {
  const owner = user('owner');
  const acme = company('acme').name;
  const test = company('acme-test').name;
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

  /** Invites this address, and answers the one-time link. */
  async function invite(administrator, name, email, role) {
    await visit(administrator, PEOPLE);
    await follow(administrator, 'Invite somebody');
    await fill(administrator, { Name: name, Email: email });
    await administrator.page.getByRole('radio', { name: role, exact: true }).check();
    await administrator.button('Continue').click();
    await headed(administrator, `Invite ${name}?`);
    await examine(administrator, 'the invitation before it is made');
    await confirm(administrator, `Invite ${name}`);
    return take(administrator, 'One-time link', COPIED_LINK);
  }

  /** Opens the page of this person. */
  async function open(administrator, name) {
    await visit(administrator, PEOPLE);
    await follow(administrator, name);
    await headed(administrator, name);
  }

  /** The row of this person in People. */
  const row = (administrator, name) => administrator.page.getByRole('row').filter({ hasText: name });

  for (const { mode, slug, options } of MODES) {
    it(`come by invitation, change role, lose a factor and leave, ${mode}`, async () => {
      const administrator = await folk.at(owner, PEOPLE, options);
      const name = `Nadia ${slug}`;
      const nadia = { email: `nadia-${slug}@acme.example`, password: `quiet-lantern-over-nine-boats-${slug}` };

      const invitation = await invite(administrator, name, nadia.email, 'Accountant');
      assert.match(await row(administrator, nadia.email).innerText(), /Accountant[\s\S]*Invited/);

      // Another window: the invited person.
      const person = await folk.stranger(nadia, options);
      await person.page.goto(invitation);
      await headed(person, 'Set up your account');
      assert.equal(await person.field('Email').inputValue(), nadia.email);
      await fill(person, { 'Your name': name, Password: nadia.password, 'Password again': nadia.password });
      await examine(person, 'the invitation');
      await person.button('Save and continue').click();
      await enrol(person);
      assert.equal((await (await folk.stranger({})).page.goto(invitation)).status(), 404, 'the link is used up');
      await visit(administrator, PEOPLE);
      assert.match(await row(administrator, name).innerText(), /Accountant[\s\S]*Active/);

      // A role with less: the permission is gone from the token at once, the rest stays.
      const tokens = await letIn(person, listener, { place: acme, scope: ASKED });
      await assertMayDraft(tokens.access_token);
      await open(administrator, name);
      await follow(administrator, 'Change role');
      await administrator.page.getByRole('radio', { name: 'Viewer', exact: true }).check();
      await administrator.button('Continue').click();
      await headed(administrator, `Change the role of ${name}?`);
      await confirm(administrator, `Change role of ${name}`);
      await headed(administrator, name);
      await assertMayNotDraft(tokens.access_token);
      assert.equal((await api(tokens.access_token, '/customers')).status, 200);

      // A lost factor: the link asks for the password, the old authenticator app works no more.
      await follow(administrator, `Make a factor link for ${name}`);
      await confirm(administrator, `Make link for ${name}`);
      const factorLink = await take(administrator, 'One-time link', COPIED_LINK);
      const old = { ...nadia };
      const helped = await folk.stranger(nadia, options);
      await helped.page.goto(factorLink);
      await headed(helped, 'Set up a new second factor');
      await helped.field('Password').fill('not the password at all');
      await helped.button('Continue').click();
      await helped.page.getByText('This is not your password').first().waitFor();
      await helped.field('Password').fill(nadia.password);
      await helped.button('Continue').click();
      await enrol(helped);
      await visit(helped, CONNECT);
      assert.match(await helped.text(), /A link for a lost second factor was made for you/);
      assert.notEqual(nadia.totp_secret, old.totp_secret);
      const thief = await folk.stranger(old, options);
      await visit(thief, '/sign-in');
      await thief.typePassword();
      await thief.typeCode(old.recovery_codes[0]);
      await thief.button('Verify').click();
      await thief.page.getByText('There is a problem').first().waitFor();
      const again = await folk.stranger(nadia, options);
      await visit(again, CONNECT);
      await again.signIn();
      await headed(again, 'App Connect');

      // A lost password: the link sets another in a second browser, and still asks for the second factor.
      await open(administrator, name);
      await follow(administrator, `Make a password link for ${name}`);
      await confirm(administrator, `Make link for ${name}`);
      const passwordLink = await take(administrator, 'One-time link', COPIED_LINK);
      const former = { ...nadia };
      nadia.password = `seven-slow-ferries-past-${slug}`;
      const back = await folk.stranger(nadia, options);
      await back.page.goto(passwordLink);
      await headed(back, 'Choose a new password');
      await examine(back, 'a new password');
      await fill(back, { Password: nadia.password, 'Password again': nadia.password });
      await back.button('Save the password').click();
      await back.page.waitForURL('**/sign-in/verify*');
      await back.typeCode();
      await back.button('Verify').click();
      await back.page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
      await visit(back, CONNECT);
      assert.match(await back.text(), /A link for a lost password was made for you/);
      await visit(again, CONNECT);
      await again.field('Password').waitFor();
      assert.equal((await (await folk.stranger({})).page.goto(passwordLink)).status(), 404, 'the link is used up');
      const outdated = await folk.stranger(former, options);
      await visit(outdated, '/sign-in');
      await outdated.typePassword();
      await outdated.page.getByText('Email or password is not right').first().waitFor();
      assert.equal((await api(tokens.access_token, '/customers')).status, 200, 'what was connected stays');

      // Who leaves: the connection ends at once.
      await open(administrator, name);
      await follow(administrator, `Remove ${name}`);
      await headed(administrator, `Remove ${name}`);
      await examine(administrator, 'removing a person');
      await administrator.typeCode();
      await administrator.button(`Remove ${name}`).click();
      await told(administrator, `${name} was removed.`);
      await assertStopped(tokens.access_token);
      assert.equal((await tokens.refresh()).body.error, 'invalid_grant');
      assert.equal(await row(administrator, name).count(), 0);
    });
  }

  for (const { mode, options, place, slug } of [
    { ...MODES[0], place: test, slug: 'acme-test' },
    { ...MODES[1], place: acme, slug: 'acme' },
  ]) {
    it(`lose every token when all access to ${slug} is ended, ${mode}`, async () => {
      const person = await folk.at(owner, CONNECT, options);
      await switchTo(person, place);

      // One of each: API credentials, a connection, an API token.
      const made = async (path, name, verb) => {
        await visit(person, `${CONNECT}/${path}/create`);
        await person.field('Name').fill(name);
        await person.field('Company or firm').selectOption({ label: place });
        await person.permission('Read customers').check();
        await person.field('Purpose').fill('Ends with everything else');
        await person.button('Continue').click();
        await confirm(person, `${verb} ${name}`);
      };
      await made('api-credentials', 'Last sync', 'Create');
      const id = await person.field('Client ID').inputValue();
      const secret = await take(person, 'Client secret', SAVED);
      await made('api-tokens', 'Last sheet', 'Generate');
      const token = await take(person, 'Token', SAVED);
      const credentials = await issue(id, secret);
      const connection = await letIn(person, listener, { place, scope: 'customers:readonly' });
      const alive = {
        'API credentials': credentials.body.access_token,
        'the connection': connection.access_token,
        'the API token': token,
      };
      for (const [what, one] of Object.entries(alive)) {
        assert.equal((await api(one, '/customers')).status, 200, what);
      }

      await visit(person, '/settings/data');
      await follow(person, `End all access to ${place}`);
      await headed(person, `End all access to ${place} now?`);
      await examine(person, 'ending all access');
      await confirm(person, `End all access to ${place}`);
      await person.page.getByText('There is a problem').first().waitFor();
      for (const one of Object.values(alive)) assert.equal((await api(one, '/customers')).status, 200);
      await person.page.getByLabel(/to be sure/).fill(place);
      await person.typeCode();
      await person.button(`End all access to ${place}`).click();
      await told(person, 'All access was ended.');
      for (const [what, one] of Object.entries(alive)) await assertStopped(one, what);
      assert.equal((await issue(id, secret)).body.error, 'invalid_client');
      assert.equal((await connection.refresh()).body.error, 'invalid_grant');
      await visit(person, CONNECT);
      assert.equal(await person.page.getByRole('row').filter({ hasText: 'Active' }).count(), 0);
    });
  }
});
