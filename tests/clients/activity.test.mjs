// Activity in a real browser, found by labels: from the reference that a refusal shows to its exact cause, through
// the filters to the files, and whether the record is whole.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, it } from 'node:test';

import { openBrowser } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { app, company, site, user } from './site.mjs';
import {
  CONNECT, draft, examine, fact, Folk, follow, headed, issue, letIn, link, MODES, reloadUntil, visit,
} from './workspace.mjs';

const ACTIVITY = `${CONNECT}/activity`;
const WHEN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

describe('activity', { timeout: 800_000 }, () => {
  const acme = company('acme').name;
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

  /** Types the reference where Activity asks for it. */
  async function lookUp(person, reference) {
    await visit(person, ACTIVITY);
    await person.field('Reference from an error page').fill(reference);
    await person.button('Look up').click();
    await person.page.waitForURL(`**${ACTIVITY}/**`);
  }

  /** What the column of this heading shows, on a page that compares two. */
  const compared = (person, heading) =>
    person.page.getByRole('heading', { name: heading, exact: true }).locator('xpath=..').locator('code').allInnerTexts();

  /** Whether token, role and app have the permission, as the page says it. */
  async function holders(person) {
    const lines = await person.page.getByRole('listitem').filter({ hasText: /(has|lacks) it/ }).allInnerTexts();
    return Object.fromEntries(lines.map((line) => {
      const [, who, has] = line.match(/^The (?:person’s )?(token|role|app)\s+(has|lacks) it/);
      return [who, has === 'has'];
    }));
  }

  /** The rows of the list, as text. */
  const rows = (person) =>
    person.page.getByRole('row').filter({ has: person.page.getByRole('rowheader') })
      .filter({ has: person.page.locator('time') }).allInnerTexts();

  for (const { mode, slug, options } of MODES) {
    it(`shows from the reference of an error page which address was expected and which received, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), ACTIVITY, options);
      const client = app('oauth_public');
      const elsewhere = `https://elsewhere-${slug}.example/callback`;
      const { challenge } = pkce();
      const url = authorizationUrl(client, elsewhere, {
        scope: 'customers:readonly',
        state: 'x',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      });
      assert.equal((await owner.page.goto(url.href)).status(), 400);
      const [reference] = (await owner.text()).match(/req_\w+/);
      await lookUp(owner, reference);
      await headed(owner, 'A request for access was refused');
      assert.deepEqual(await compared(owner, 'Registered'), client.redirect_uris);
      assert.deepEqual(await compared(owner, 'Received'), [elsewhere]);
      assert.equal(await fact(owner, 'App'), client.name);
      assert.match(await owner.text(), /How to mend it/);
      await examine(owner, 'the cause of a refused address');
      const help = await link(owner, 'More about this in the documentation').getAttribute('href');
      assert.equal((await owner.page.goto(site.issuer + help)).status(), 200);
      const anchor = new URL(help, site.issuer).hash.slice(1);
      assert.equal(await owner.page.locator(`[id="${anchor}"]`).count(), 1, help);
    });

    it(`shows from the reference of a refused call whether token, role or app lacks the permission, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), ACTIVITY, options);
      const { access_token: token } = await letIn(owner, listener, {
        place: acme,
        scope: 'customers:readonly customer_invoices:all',
        untick: ['Draft customer invoices'],
      });
      const refused = await draft(token);
      assert.equal(refused.status, 403);
      await lookUp(owner, refused.headers.get('x-request-id'));
      await headed(owner, 'A call was refused');
      assert.match(await owner.text(), /The token does not hold the permission “Draft customer invoices”/);
      assert.deepEqual(await holders(owner), { token: false, role: true, app: true });
      assert.match(await owner.text(), /customer_invoices:all/);
      await examine(owner, 'the cause of a refused call');
    });

    it(`names the cause of a refused token request, and tells nothing of unknown references, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), ACTIVITY, options);
      const { client_id: id } = app('api_credentials');
      const refused = await issue(id, 'cs_sec_not_the_secret');
      assert.equal(refused.status, 401);
      await lookUp(owner, refused.headers.get('x-request-id'));
      await headed(owner, 'A token request was refused');
      assert.equal(await fact(owner, 'App'), app('api_credentials').name);
      await link(owner, `Open ${app('api_credentials').name}`).click();
      await headed(owner, app('api_credentials').name);
      await lookUp(owner, 'req_0000000000000000000000');
      await headed(owner, 'Nothing has this reference');
      await examine(owner, 'a reference that nothing has');
    });

    it(`filters, and exports what is filtered as CSV and JSON Lines, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), ACTIVITY, options);
      await issue(app('api_credentials').client_id, 'cs_sec_not_the_secret');
      await visit(owner, ACTIVITY);
      await examine(owner, 'activity');
      await owner.field('App').selectOption({ label: app('api_credentials').name });
      await owner.field('Outcome').selectOption({ label: 'Refused' });
      await owner.field('What').selectOption({ label: 'A token request was refused' });
      await owner.button('Filter').click();
      await owner.page.waitForURL((url) => url.searchParams.get('outcome') === 'refused');
      const download = async (name) => {
        const [file] = await Promise.all([owner.page.waitForEvent('download'), follow(owner, name)]);
        assert.match(file.suggestedFilename(), name === 'CSV' ? /\.csv$/ : /\.jsonl$/);
        return readFile(await file.path(), 'utf8');
      };
      // A refusal is written down within seconds, and how often it came when its minute is over.
      let [listed, table, records] = [[], '', ''];
      await reloadUntil(owner, async () => {
        listed = await rows(owner);
        if (listed.length === 0) return false;
        [table, records] = [await download('CSV'), await download('JSON Lines')];
        await owner.page.reload();
        return (await rows(owner)).length === listed.length;
      });
      for (const one of listed) {
        assert.match(one, /A token request was refused/);
        assert.ok(one.includes(app('api_credentials').name), one);
      }

      const [head, ...lines] = table.replace(/^\ufeff/, '').replaceAll('"', '').trim().split(/\r?\n/);
      const entries = records.trim().split('\n').map((line) => JSON.parse(line));
      assert.equal(lines.length, entries.length);
      assert.equal(entries.length, listed.length);
      const columns = head.split(',');
      for (const [n, line] of lines.entries()) {
        const { event, hash } = entries[n];
        assert.equal(event.kind, 'token_refused');
        assert.equal(event.app, app('api_credentials').client_id);
        const told = line.split(',');
        assert.match(told[columns.indexOf('time')], WHEN);
        assert.equal(told[columns.indexOf('client_id')], event.app);
        assert.equal(told[columns.indexOf('reference')], event.reference);
        assert.equal(told[columns.indexOf('hash')], hash);
      }
      assert.ok(!entries.some((entry) => JSON.stringify(entry).includes('not_the_secret')));

      await owner.field('Outcome').selectOption({ label: 'Done' });
      await owner.button('Filter').click();
      await owner.page.getByRole('heading', { name: /Nothing/ }).waitFor();
      assert.deepEqual(await rows(owner), []);
    });

    it(`verifies the chain, ${mode}`, async () => {
      const owner = await folk.at(user('owner'), ACTIVITY, options);
      await owner.button('Verify the chain').click();
      await owner.page.getByText(/All \d+ entries are there and unchanged\./).waitFor();
      await examine(owner, 'the verified chain');
    });

    it(`shows a viewer what they did and nothing of others, ${mode}`, async () => {
      const viewer = await folk.at(user('viewer'), ACTIVITY, options);
      assert.ok((await rows(viewer)).every((row) => !row.includes('Olive Owner')));
      assert.equal(await viewer.button('Verify the chain').count(), 0);
      const refused = await issue(app('api_credentials').client_id, 'cs_sec_not_the_secret');
      await lookUp(viewer, refused.headers.get('x-request-id'));
      await headed(viewer, 'Nothing has this reference');
    });
  }
});
