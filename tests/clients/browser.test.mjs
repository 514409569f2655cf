// What a person can do on the sign-in and consent pages, in a real browser, found by labels.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { assertAccessible, tabTo } from './accessible.mjs';
import { openBrowser } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { anyCode, authenticatorCode, recoveryCode, wrongCode } from './codes.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl, postForm } from './requests.mjs';
import { api, app, company, firm, site, user } from './site.mjs';
import { Folk } from './workspace.mjs';

const ASKED =
  'customers:readonly customer_invoices:readonly customer_invoices:all trial_balance:readonly';

describe('a person at the browser', { timeout: 800_000 }, () => {
  const client = app('oauth_public');
  let browser;
  let listener;
  let folk;

  before(async () => {
    browser = await openBrowser();
    listener = await callbackListener();
    folk = new Folk(browser);
  });

  afterEach(async () => {
    await folk.leave();
    assert.equal(listener.cameBack(), false);
  });

  after(async () => {
    await browser?.close();
    await listener?.close();
  });

  /** Somebody who is signed in, in a window of their own. */
  const arrive = (name, options) => folk.at(user(name), '/', options);

  /** Somebody who is not. */
  const stranger = (name, options) => folk.stranger(user(name), options);

  /** An authorization request of the public client, and how it redeems the answer. */
  function request(scope = ASKED, parameters = {}) {
    const { verifier, challenge } = pkce();
    const url = authorizationUrl(client, listener.redirectUri, {
      scope,
      state: 'the state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...parameters,
    });
    const redeem = async (back) => {
      assert.equal(back.searchParams.get('error'), null, back.search);
      assert.equal(back.searchParams.get('state'), 'the state');
      assert.equal(back.searchParams.get('iss'), site.issuer);
      const answer = await postForm('/oauth/token', {
        grant_type: 'authorization_code',
        client_id: client.client_id,
        redirect_uri: listener.redirectUri,
        code: back.searchParams.get('code'),
        code_verifier: verifier,
      });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    };
    return { url, redeem };
  }

  function assertDenied(back) {
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('state'), 'the state');
    assert.equal(back.searchParams.get('iss'), site.issuer);
    assert.equal(back.searchParams.get('code'), null);
  }

  it('sees who asks, for whom, for what, and where it leads', async () => {
    const owner = await arrive('owner');
    await owner.open(request().url);
    const text = await owner.text();
    assert.ok(text.includes(client.name), 'the name of the program');
    assert.ok(text.includes(user('owner').email), 'who is signed in');
    assert.match(text, /You will be sent to 127\.0\.0\.1/);
    assert.match(text, /4 of 4 selected/);
    assert.equal(await owner.contexts().count(), 2);
    assert.equal(await owner.permissions().count(), 4);
    assert.equal(await owner.permission('Read customers').isChecked(), true);
    const focus = await owner.page.evaluate(() => document.activeElement.textContent.trim());
    assert.notEqual(focus, 'Allow access');
    assert.equal((await owner.page.locator('h1').count()) >= 1, true);
    const [cancel, allow] = await Promise.all([
      owner.button('Cancel').boundingBox(),
      owner.button('Allow access').boundingBox(),
    ]);
    assert.ok(Math.abs(cancel.width - allow.width) < 1, 'Cancel is as wide as Allow access');
    assert.ok(Math.abs(cancel.height - allow.height) < 1, 'Cancel is as high as Allow access');
  });

  it('switches the company, and the token reaches that one only', async () => {
    const owner = await arrive('owner');
    const { url, redeem } = request('customers:readonly');
    const test = company('acme-test');
    const token = await redeem(await owner.approve(url, listener, { choose: test.name }));
    const me = await api(token.access_token, '/me');
    assert.equal(me.body.company.id, test.id);
    const customers = await api(token.access_token, '/customers');
    assert.ok(customers.body.items.every((item) => item.name.startsWith('Test ')));
  });

  it('unticks a permission, and the client learns what was granted', async () => {
    const owner = await arrive('owner');
    const { url, redeem } = request();
    const back = await owner.approve(url, listener, {
      choose: company('acme').name,
      untick: ['Draft customer invoices', 'Read the trial balance'],
    });
    const token = await redeem(back);
    assert.deepEqual(
      new Set(token.scope.split(' ')),
      new Set(['customers:readonly', 'customer_invoices:readonly']),
    );
    assert.equal((await api(token.access_token, '/customer_invoices')).status, 200);
    assert.equal((await api(token.access_token, '/trial_balance')).status, 403);
    const draft = await api(token.access_token, '/customer_invoices', { method: 'POST', body: {} });
    assert.equal(draft.status, 403);
    assert.equal(draft.body.message, 'Missing scope: customer_invoices:all');
  });

  it('keeps every choice when the code was wrong', async () => {
    const owner = await arrive('owner');
    const { url, redeem } = request();
    await owner.open(url);
    await owner.choose(company('acme-test').name);
    await owner.permission('Read the trial balance').uncheck();
    await owner.allow(wrongCode(owner.user));
    await owner.page.getByText('That code is not right').first().waitFor();
    assert.equal(listener.cameBack(), false);
    const chosen = owner.page.getByRole('radio', { name: company('acme-test').name, exact: true });
    assert.equal(await chosen.isChecked(), true);
    assert.equal(await owner.permission('Read the trial balance').isChecked(), false);
    assert.equal(await owner.permission('Read customers').isChecked(), true);
    assert.equal(await owner.field('Verification code').inputValue(), '');
    await assertAccessible(owner.page, 'consent after a wrong code');
    await owner.allow();
    const token = await redeem(await listener.next());
    assert.ok(!token.scope.includes('trial_balance'));
    assert.equal((await api(token.access_token, '/me')).body.company.id, company('acme-test').id);
  });

  it('cannot use the code of the sign-in again for the consent', async () => {
    const viewer = await stranger('viewer');
    const code = await authenticatorCode(viewer.user);
    await viewer.page.goto(request('customers:readonly').url.href);
    await viewer.signIn(code);
    await viewer.allow(code);
    await viewer.page.getByText('That code was used already').first().waitFor();
    assert.equal(listener.cameBack(), false);
  });

  it('cancels, and the client is told so without a code', async () => {
    const viewer = await arrive('viewer');
    const { url } = request();
    await viewer.open(url);
    await viewer.button('Cancel').click();
    assertDenied(await listener.next());
  });

  it('answers a request once: after Allow, the page cannot be used again', async () => {
    const viewer = await arrive('viewer');
    const { url, redeem } = request('customers:readonly');
    await viewer.open(url);
    const consent = viewer.page.url();
    await viewer.choose(company('acme').name);
    await viewer.allow();
    await redeem(await listener.next());
    await viewer.page.goto(consent);
    if (await viewer.button('Allow access').isVisible()) {
      await viewer.choose(company('acme').name);
      await viewer.allow();
    }
    await viewer.page.getByText('This request was already answered').waitFor();
    await assertAccessible(viewer.page, 'request that was already answered');
  });

  it('unticks everything, which means denied', async () => {
    const viewer = await arrive('viewer');
    await viewer.open(request().url);
    await viewer.choose(company('acme').name);
    for (const box of await viewer.permissions().all()) await box.uncheck();
    await viewer.allow();
    assertDenied(await listener.next());
  });

  it('signs in and consents with recovery codes, each good for one use', async () => {
    const junior = await stranger('junior');
    const { url, redeem } = request('customers:readonly');
    await junior.page.goto(url.href);
    const code = recoveryCode(junior.user);
    await junior.signIn(code);
    await junior.choose(company('acme').name);
    await junior.allow(code);
    await junior.page.getByText('That code', { exact: false }).first().waitFor();
    assert.equal(listener.cameBack(), false);
    await junior.allow(recoveryCode(junior.user));
    await redeem(await listener.next());
  });

  it('sees through the firm exactly the companies that the firm shows them', async () => {
    const expected = { partner: ['acme', 'bakery', 'clinic'], junior: ['acme', 'bakery'] };
    for (const [name, slugs] of Object.entries(expected)) {
      const member = await arrive(name);
      const { url, redeem } = request('companies:readonly customers:readonly');
      await member.open(url);
      const offered = await member.page.getByRole('group', { name: 'Company or firm' }).innerText();
      assert.equal(offered.includes(company('clinic').name), slugs.includes('clinic'), name);
      await member.choose(firm('ledgerwise').name);
      await member.allow();
      const token = await redeem(await listener.next());
      const listed = await api(token.access_token, '/companies');
      assert.deepEqual(
        new Set(listed.body.items.map((item) => item.id)),
        new Set(slugs.map((slug) => company(slug).id)),
        name,
      );
      const silent = await api(token.access_token, '/customers');
      assert.equal(silent.status, 400, `${name}: a call that names no company`);
      for (const one of site.companies) {
        const answer = await api(token.access_token, '/customers', {
          headers: { 'x-company-id': one.id },
        });
        assert.equal(answer.status, slugs.includes(one.slug) ? 200 : 403, `${name}: ${one.slug}`);
      }
      const connections = await fetch(new URL('/connections', site.issuer), {
        headers: { authorization: `Bearer ${token.access_token}` },
      });
      if (connections.status !== 404) {
        const text = await connections.text();
        assert.equal(text.includes(company('clinic').id), slugs.includes('clinic'), name);
      }
    }
  });

  it('is offered only what their role may share', async () => {
    const viewer = await arrive('viewer');
    await viewer.open(request().url);
    assert.equal(await viewer.permission('Read customers').count(), 1);
    assert.equal(await viewer.permission('Draft customer invoices').count(), 0);
  });

  it('is not led anywhere by an unknown program or address', async () => {
    const person = await stranger('owner');
    const { url } = request();
    const unknown = new URL(url);
    unknown.searchParams.set('client_id', 'cs_app_unknown');
    const elsewhere = new URL(url);
    elsewhere.searchParams.set('redirect_uri', `${listener.redirectUri}/../<b>evil</b>`);
    for (const [what, wrong] of Object.entries({ unknown, elsewhere })) {
      const answer = await person.page.goto(wrong.href);
      assert.equal(answer.status(), 400, what);
      const text = await person.text();
      assert.match(text, /Nothing was shared/);
      assert.match(text, /req_/);
      assert.ok(!text.includes('evil') && !text.includes('cs_app_unknown'), 'nothing is echoed');
      assert.equal(new URL(person.page.url()).origin, site.issuer);
      await assertAccessible(person.page, `error page: ${what}`);
    }
  });

  it('does the whole flow without JavaScript', async () => {
    const owner = await stranger('owner', { javaScriptEnabled: false });
    const { url, redeem } = request();
    await owner.open(url);
    await owner.choose(company('acme-test').name);
    await owner.permission('Read customers').uncheck();
    await owner.allow(wrongCode(owner.user));
    await owner.page.getByText('That code is not right').first().waitFor();
    await owner.allow();
    const token = await redeem(await listener.next());
    assert.ok(!token.scope.includes('customers:readonly'));
  });

  it('does the whole flow on a narrow phone', async () => {
    const partner = await stranger('partner', {
      viewport: { width: 320, height: 640 },
      isMobile: true,
      hasTouch: true,
    });
    const { url, redeem } = request('customers:readonly');
    await redeem(await partner.approve(url, listener, { choose: company('bakery').name }));
  });

  it('does the whole flow with the keyboard alone', async () => {
    const owner = await stranger('owner');
    const { page } = owner;
    const { url, redeem } = request();
    const type = async (label, text, then = 'Tab') => {
      await tabTo(page, label);
      await page.keyboard.type(text);
      await page.keyboard.press(then);
    };
    await page.goto(url.href);
    await type('Email', owner.user.email);
    await type('Password', owner.user.password, 'Enter');
    await page.waitForURL('**/sign-in/verify*');
    await type('Verification code', await anyCode(owner.user));
    await tabTo(page, 'Verify');
    await page.keyboard.press('Enter');
    await owner.button('Allow access').waitFor();

    // Radio buttons are one stop; the arrow keys choose among them.
    await page.keyboard.press('Tab');
    const chosen = owner.page.getByRole('radio', { name: company('acme-test').name, exact: true });
    for (let stops = 0; stops < 20; stops += 1) {
      const onRadio = await page.evaluate(() => document.activeElement.type === 'radio');
      if (onRadio) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Space');
    for (let steps = 0; steps < 4 && !(await chosen.isChecked()); steps += 1) {
      await page.keyboard.press('ArrowDown');
    }
    assert.equal(await chosen.isChecked(), true);
    await tabTo(page, 'Read customers');
    await page.keyboard.press('Space');
    await type('Verification code', await anyCode(owner.user));
    await tabTo(page, 'Allow access');
    await page.keyboard.press('Enter');
    const token = await redeem(await listener.next());
    assert.ok(!token.scope.includes('customers:readonly'));
    assert.equal((await api(token.access_token, '/me')).body.company.id, company('acme-test').id);
  });

  it('finds every page accessible: signing in, consent, home and signing out', async () => {
    const owner = await stranger('owner');
    const { page } = owner;
    await page.goto(new URL('/sign-in', site.issuer).href);
    await assertAccessible(page, 'sign-in');
    await owner.typePassword('not the password at all');
    await page.getByText('Email or password is not right').first().waitFor();
    await assertAccessible(page, 'sign-in after a wrong password');
    await page.goto(request().url.href);
    await assertAccessible(page, 'sign-in for a program');
    await owner.typePassword();
    await page.waitForURL('**/sign-in/verify*');
    await assertAccessible(page, 'verify');
    await owner.typeCode(wrongCode(owner.user));
    await owner.button('Verify').click();
    await page.getByText('That code is not right').first().waitFor();
    await assertAccessible(page, 'verify after a wrong code');
    await owner.typeCode();
    await owner.button('Verify').click();
    await owner.button('Allow access').waitFor();
    await assertAccessible(page, 'consent');
    await page.goto(new URL('/', site.issuer).href);
    await owner.heading().waitFor();
    await assertAccessible(page, 'home');
    const missing = await page.goto(new URL('/no-such-page', site.issuer).href);
    assert.equal(missing.status(), 404);
    await assertAccessible(page, 'not found');
    await page.goto(new URL('/', site.issuer).href);
    await owner.button('Sign out').click();
    await page.getByText('You are signed out').waitFor();
    await assertAccessible(page, 'signed out');
    await page.goto(new URL('/', site.issuer).href);
    await owner.field('Password').waitFor();
  });

  it('finds the consent page of a firm member accessible', async () => {
    const partner = await arrive('partner');
    await partner.open(request().url);
    await assertAccessible(partner.page, 'consent with a firm');
  });
});
