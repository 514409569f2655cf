// What tests of the workspace do again and again, by the words of docs/ui.md.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { assertAccessible } from './accessible.mjs';
import { Person } from './browser.mjs';
import { authenticatorCode, codesLeft, replaceCodes } from './codes.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl, postForm } from './requests.mjs';
import { api, app, site } from './site.mjs';

export const CONNECT = '/settings/app-connect';
export const SAVED = 'I have saved it in a password manager or vault';
export const COPIED_LINK = 'I have copied the link';
/** Every journey is made twice. */
export const MODES = [
  { mode: 'with JavaScript', slug: 'script', options: {} },
  { mode: 'without JavaScript', slug: 'plain', options: { javaScriptEnabled: false } },
];
/** With fewer recovery codes than this, somebody makes new ones: waiting for an authenticator takes half a minute. */
const FEW_CODES = 7;
/** Milliseconds within which whatever was ended must be refused. */
const AT_ONCE = 1000;
/** Milliseconds within which the server has written down what it does not write at once. */
const SOON = 30_000;

/** The people of one test file, each signed in once however many windows are opened. */
export class Folk {
  #browser;
  #signedIn = new Map();
  #people = [];

  constructor(browser) {
    this.#browser = browser;
  }

  /** A window of somebody who is not signed in. */
  async stranger(user, options = {}) {
    const person = await Person.arrive(this.#browser, user, options);
    person.runsScripts = options.javaScriptEnabled !== false;
    this.#people.push(person);
    return person;
  }

  /** Somebody at the page of this path. */
  async at(user, path, options = {}) {
    const storageState = this.#signedIn.get(user.email);
    const person = await this.stranger(user, { ...options, storageState });
    await visit(person, path);
    if (new URL(person.page.url()).pathname.startsWith('/sign-in')) {
      await person.signIn();
      this.#signedIn.set(user.email, await person.context.storageState());
    }
    if (user.recovery_codes && codesLeft(user) < FEW_CODES) {
      await restock(person);
      await visit(person, path);
    }
    assert.equal(new URL(person.page.url()).pathname, path.split('?')[0]);
    return person;
  }

  /** Whoever was signed out by what a test did must sign in again. */
  forget(user) {
    this.#signedIn.delete(user.email);
  }

  /** Everybody goes; no page may have shown a fault of the server, of a script or of the content policy. */
  async leave() {
    const faults = this.#people.flatMap((person) => person.faults);
    for (const person of this.#people) await person.leave();
    this.#people = [];
    assert.deepEqual(faults, []);
  }
}

/** Makes new recovery codes. */
async function restock(person) {
  await visit(person, '/settings/security/recovery-codes');
  await confirm(person, 'Make new codes');
  await keepCodes(person);
}

/** Takes the recovery codes that the page shows once. */
async function keepCodes(person) {
  const { page } = person;
  await headed(person, 'Save your recovery codes');
  replaceCodes(person.user, await page.locator('ol.codes code').allInnerTexts());
  await page.getByLabel('I have saved them').check();
  await person.button('Continue').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

export const visit = (person, path) => person.page.goto(new URL(path, site.issuer).href);

export const link = (person, name) => person.page.getByRole('link', { name, exact: true });

export async function follow(person, name) {
  await link(person, name).click();
}

/** Waits for the heading of the page. */
export async function headed(person, text) {
  await person.heading().filter({ hasText: text }).waitFor();
}

/** Asserts that axe finds nothing; where pages run no scripts, axe runs none either. */
export async function examine(person, what) {
  if (!person.runsScripts) return;
  await assertAccessible(person.page, what);
  await photograph(person.page, what);
}

/** COUNTERSIGN_SHOTS names a folder for photographs of what the tests pass. */
async function photograph(page, what) {
  const folder = process.env.COUNTERSIGN_SHOTS;
  if (!folder) return;
  const before = page.viewportSize();
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: join(folder, `${what.replace(/\W+/g, '-')}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize(before);
}

/** Reloads the page until it is so, which takes seconds at most. */
export async function reloadUntil(person, holds) {
  const deadline = Date.now() + SOON;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `not so within ${SOON} ms:\n${await person.text()}`);
    await person.page.reload();
  }
}

/** Fills fields by their labels. */
export async function fill(person, fields) {
  for (const [label, text] of Object.entries(fields)) await person.field(label).fill(text);
}

/** A code, and the button of verb and object. */
export async function confirm(person, button) {
  await person.typeCode();
  await person.button(button).click();
}

/** What was just done, as the page says it. */
export async function told(person, text) {
  await person.page.getByRole('status').filter({ hasText: text }).first().waitFor();
}

/** Takes what is shown once, and says that it is kept. */
export async function take(person, label, tick) {
  await person.field(label).waitFor();
  const secret = await person.field(label).inputValue();
  await person.page.getByRole('checkbox', { name: tick }).check();
  await person.button('Done').click();
  await person.page.waitForURL((url) => !url.pathname.endsWith('/saved'));
  return secret;
}

/** What one fact of a page of facts says. */
export function fact(person, label) {
  const term = person.page.getByRole('term').filter({ hasText: new RegExp(`^${label}$`) });
  return term.locator('xpath=following-sibling::dd').innerText();
}

/** Opens the company or firm of this name, in the top bar. */
export async function switchTo(person, name) {
  const { page } = person;
  await page.locator('header summary').first().click();
  const choices = page.getByLabel('Switch to');
  const values = await choices.locator('option').evaluateAll((all) =>
    all.map((one) => ({ value: one.value, text: one.textContent.trim() })));
  const one = values.find(({ text }) => text === name || text.startsWith(`${name} –`));
  await choices.selectOption(one.value);
  await page.getByRole('button', { name: 'Switch', exact: true }).click();
  await told(person, `You are now in ${name}.`);
}

/** Lets a program in, the public sample unless it is named: its tokens, and how it refreshes them. */
export async function letIn(person, listener, { place, scope, untick = [], client = app('oauth_public') }) {
  const proof = { client_id: client.client_id };
  if (client.client_secret) proof.client_secret = client.client_secret;
  const { verifier, challenge } = pkce();
  const url = authorizationUrl(client, listener.redirectUri, {
    scope,
    state: 'the state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const back = await person.approve(url, listener, { choose: place, untick });
  const tokens = await postForm('/oauth/token', {
    ...proof,
    grant_type: 'authorization_code',
    redirect_uri: listener.redirectUri,
    code: back.searchParams.get('code'),
    code_verifier: verifier,
  });
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  return {
    ...tokens.body,
    refresh: () => postForm('/oauth/token', {
      ...proof,
      grant_type: 'refresh_token',
      refresh_token: tokens.body.refresh_token,
    }),
  };
}

export const issue = (id, secret, more = {}) =>
  postForm('/oauth/token', { grant_type: 'client_credentials', client_id: id, client_secret: secret, ...more });

/** A draft: what a token needs `customer_invoices:all` for. */
export const draft = (token) => api(token, '/customer_invoices', { method: 'POST', body: {} });

/** A draft is refused for want of the permission, whatever else would be wrong with it. */
export async function assertMayNotDraft(token) {
  const answer = await draft(token);
  assert.equal(answer.status, 403);
  assert.equal(answer.body.message, 'Missing scope: customer_invoices:all');
}

export async function assertMayDraft(token) {
  const { status } = await draft(token);
  assert.ok(![401, 403].includes(status), `a draft was answered ${status}`);
}

/** The first call after the page said that it is over is refused; waiting for it would not be "at once". */
export async function assertStopped(token, what = 'the token') {
  const since = Date.now();
  assert.equal((await api(token, '/customers')).status, 401, what);
  assert.ok(Date.now() - since < AT_ONCE, `${what} was refused after ${Date.now() - since} ms`);
}

/** Turns on the authenticator app that the page offers; `user` has its secret and codes from then on. */
export async function enrol(person) {
  const { page, user } = person;
  await headed(person, 'Turn on two-step sign-in');
  await page.getByText('I cannot scan it').click();
  user.totp_secret = (await page.locator('code.key').innerText()).replace(/\s/g, '');
  await person.typeCode(await authenticatorCode(user));
  await person.button('Turn on').click();
  await keepCodes(person);
}
