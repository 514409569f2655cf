// The first run of `serve` on an empty folder: the one-time link, the first owner, the second
// factor, the recovery codes, and the way back in.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { assertAccessible } from './accessible.mjs';
import { openBrowser, Person } from './browser.mjs';
import { anyCode } from './codes.mjs';
import { browserHome, freePort, Server, temporaryFolder } from './server.mjs';

const OWNER = { email: 'first@harbour.example', password: 'quiet-lantern-over-nine-boats' };

async function find(folder, name) {
  const entries = await readdir(folder, { recursive: true });
  const found = entries.find((entry) => entry === name || entry.endsWith(`/${name}`));
  assert.ok(found, `${name} in the data folder`);
  return join(folder, found);
}

describe('the first run', { timeout: 360_000 }, () => {
  let folder;
  let server;
  let browser;
  let person;
  let link;

  before(async () => {
    folder = await temporaryFolder();
    process.env.COUNTERSIGN_CODES = join(folder.path, 'codes.json');
    const port = await freePort();
    const data = join(folder.path, 'data');
    const issuer = `https://localhost:${port}`;
    server = new Server(['serve'], {
      COUNTERSIGN__ISSUER: issuer,
      COUNTERSIGN__SERVER__LISTEN: `127.0.0.1:${port}`,
      COUNTERSIGN__DATA__FOLDER: data,
    });
    const printed = new RegExp(`${issuer}/setup/[\\w-]+`);
    link = await server.until((out, err) => (out + err).match(printed)?.[0], 'set-up link');
    const home = await browserHome(folder.path, await find(data, 'ca.pem'));
    browser = await openBrowser(home);
    person = await Person.arrive(browser, { ...OWNER });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await folder?.remove();
  });

  async function fill(fields) {
    for (const [label, text] of Object.entries(fields)) await person.field(label).fill(text);
  }

  it('explains each fault of the form and keeps what was right', async () => {
    const { page } = person;
    assert.equal((await page.goto(link)).status(), 200);
    await assertAccessible(page, 'setup');
    await person.button('Create owner account').click();
    await page.getByText('There is a problem').waitFor();
    await assertAccessible(page, 'setup with every fault');
    await fill({
      'Your name': 'Aude First',
      Email: OWNER.email,
      'Company name': 'Harbour Joinery',
      Password: 'short',
      'Password again': 'short',
    });
    await page.getByRole('radio', { name: 'Production', exact: true }).check();
    await person.button('Create owner account').click();
    await page.getByText('Use at least 12 characters').first().waitFor();
    assert.equal(await person.field('Your name').inputValue(), 'Aude First');
    assert.equal(await person.field('Password').inputValue(), '');
  });

  it('makes the owner, then turns on the second factor', async () => {
    const { page } = person;
    await fill({ Password: OWNER.password, 'Password again': OWNER.password });
    await person.button('Create owner account').click();
    await page.getByRole('heading', { name: 'Turn on two-step sign-in' }).waitFor();
    await assertAccessible(page, 'enrolment');
    await page.getByText('I cannot scan it').click();
    const secret = await page.locator('code.key').innerText();
    person.user.totp_secret = secret.replace(/\s/g, '');
    assert.ok(person.user.totp_secret.length >= 32, 'a secret of at least 160 bits');
    await person.typeCode('000000');
    await person.button('Turn on').click();
    await page.getByText('That code is not right').first().waitFor();
    await assertAccessible(page, 'enrolment after a wrong code');
    assert.equal((await page.locator('code.key').textContent()).replace(/\s/g, ''), person.user.totp_secret);
    await person.typeCode();
    await person.button('Turn on').click();
    await page.getByRole('heading', { name: 'Save your recovery codes' }).waitFor();
    person.user.recovery_codes = await page.locator('ol.codes code').allInnerTexts();
    assert.equal(new Set(person.user.recovery_codes).size, person.user.recovery_codes.length);
    assert.ok(person.user.recovery_codes.length >= 8);
    await assertAccessible(page, 'recovery codes');
  });

  it('insists that the recovery codes are saved, then shows the start page', async () => {
    const { page } = person;
    await page.getByLabel('I have saved them').check();
    await person.button('Continue').click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    const text = await person.text();
    assert.ok(text.includes('Aude First') && text.includes('Harbour Joinery'));
    await assertAccessible(page, 'home after setup');
  });

  it('answers the link once only', async () => {
    const { page } = person;
    const answer = await page.goto(link);
    assert.equal(answer.status(), 404);
    await page.getByText('This link no longer works').waitFor();
    await assertAccessible(page, 'link that was used');
  });

  it('lets the owner sign out and in again with the new password and code', async () => {
    const { page } = person;
    await page.goto(new URL('/', link).href);
    await person.button('Sign out').click();
    await page.goto(new URL('/', link).href);
    await person.signIn(await anyCode(person.user));
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    assert.deepEqual(person.faults, []);
  });
});
