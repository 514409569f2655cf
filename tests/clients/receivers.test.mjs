// Webhooks in the workspace, in a real browser, found by labels: made, tried, seen to fail, given another
// secret and deleted, by whoever administers the company.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { openBrowser } from './browser.mjs';
import { company, user } from './site.mjs';
import { confirm, CONNECT, examine, fill, Folk, follow, headed, MODES, SAVED, switchTo, take, told } from './workspace.mjs';

/** Where nobody listens, at port 1. */
const HOST = '127.0.0.1';

describe('webhooks in the workspace', { timeout: 300_000 }, () => {
  const owner = user('owner');
  const acme = company('acme').name;
  let browser;
  let folk;

  before(async () => {
    browser = await openBrowser();
    folk = new Folk(browser);
  });

  afterEach(() => folk.leave());

  after(() => browser?.close());

  for (const { mode, slug, options } of MODES) {
    it(`are made, tried and ended ${mode}`, async () => {
      const person = await folk.at(owner, CONNECT, options);
      const { page } = person;
      await switchTo(person, acme);
      await follow(person, 'Webhooks');
      await page.getByText('No webhooks yet').waitFor();
      await examine(person, `webhooks none ${slug}`);
      await follow(person, 'Create webhook');
      await fill(person, { URL: 'http://hooks.acme.example/' });
      await confirm(person, 'Create webhook');
      await page.getByText('Use an https:// address').first().waitFor();
      await examine(person, `webhooks wrong ${slug}`);
      await fill(person, { URL: `https://${HOST}:1/in` });
      await page.getByLabel('review.due').uncheck();
      await confirm(person, 'Create webhook');
      await headed(person, `${HOST} has a signing secret`);
      await examine(person, `webhooks secret ${slug}`);
      const secret = await take(person, 'Signing secret', SAVED);
      assert.match(secret, /^whsec_[\w+/]{43}=$/);
      await told(person, 'Saved');
      await person.button('Send a test').click();
      await told(person, 'A test is on its way');
      // Nobody is there, and that is seen.
      while (!(await page.getByText('Failing since').isVisible())) {
        await wait(200);
        await page.reload();
      }
      await page.getByText('webhook.test').waitFor();
      await examine(person, `webhooks failing ${slug}`);
      await person.button('Try again now').click();
      await told(person, 'What waits is sent now');
      await follow(person, 'New secret');
      await examine(person, `webhooks rotate ${slug}`);
      await confirm(person, `Give ${HOST} a new secret`);
      await headed(person, `${HOST} has a signing secret`);
      const other = await take(person, 'Signing secret', SAVED);
      assert.notEqual(other, secret);
      await follow(person, `Delete ${HOST}`);
      await confirm(person, `Delete webhook to ${HOST}`);
      await told(person, 'is told nothing any more');
      await page.getByText('No webhooks yet').waitFor();
    });
  }

  it('are not offered to who does not administer the company', async () => {
    const person = await folk.at(user('viewer'), CONNECT);
    assert.equal(await person.page.getByRole('link', { name: 'Webhooks', exact: true }).count(), 0);
    const answer = await person.page.goto(new URL('/settings/webhooks', person.page.url()).href);
    assert.equal(answer.status(), 403);
  });
});
