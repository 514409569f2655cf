// A walk through the whole workspace, from link to link, as people of different roles: every page that a
// link leads to opens, none has a finding of axe, and each is photographed wide and narrow.
//
// COUNTERSIGN_SHOTS names the folder for the photographs; target/screens otherwise.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { AxeBuilder } from '@axe-core/playwright';

import { STANDARDS } from './accessible.mjs';
import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl, postForm } from './requests.mjs';
import { app, site, user } from './site.mjs';

const SHOTS = process.env.COUNTERSIGN_SHOTS ?? fileURLToPath(new URL('../../target/screens', import.meta.url));
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 320, height: 640 };
const START = '/settings/app-connect';
const HERE = /^\/(settings|docs|$)/;
/** Files to keep, not pages to look at. */
const FILE = /\/(export|env)(\.\w+)?(\?|$)|\.(csv|jsonl|json|zip|png)(\?|$)/;
/** What only differs in the object, the page of a list, or the values of a filter is the same page. */
const kindOf = (path) => path
  .replace(/[?&](after|before|q|template|app|person|from|to|status|kind|what|outcome)=[^&]*/g, '')
  .replace(/\/(cs_[a-z]+_\w+|[a-z]+_[0-9A-Za-z]{22}|req_\w+)/g, '/{object}')
  .replace(/#.*$/, '');

describe('a walk through the workspace', { timeout: 900_000 }, () => {
  let browser;

  before(async () => {
    browser = await openBrowser();
    await mkdir(SHOTS, { recursive: true });
    await connect('owner');
  });

  after(() => browser?.close());

  /** Something to look at: a connection of this person. */
  async function connect(name) {
    const listener = await callbackListener();
    const person = await Person.arrive(browser, user(name));
    const { verifier, challenge } = pkce();
    const client = app('oauth_public');
    const url = authorizationUrl(client, listener.redirectUri, {
      scope: 'customers:readonly customer_invoices:all',
      state: 'x',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const back = await person.approve(url, listener);
    const answer = await postForm('/oauth/token', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      redirect_uri: listener.redirectUri,
      code: back.searchParams.get('code'),
      code_verifier: verifier,
    });
    assert.equal(answer.status, 200);
    await person.leave();
    await listener.close();
  }

  /** Goes everywhere; `look` is called on each kind of page once. Answers how many kinds there were. */
  async function walk(person, look) {
    const waiting = [START];
    const seen = new Set([kindOf(START)]);
    const broken = [];
    const from = new Map();
    while (waiting.length > 0) {
      const path = waiting.shift();
      const answer = await person.page.goto(site.issuer + path);
      if (answer.status() !== 200) {
        broken.push(`${answer.status()} ${path}, linked from ${from.get(path)}`);
        continue;
      }
      await look(kindOf(path));
      const links = await person.page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
      for (const link of links) {
        const kind = kindOf(link);
        // The guide speaks to everybody: it names pages that not everybody may open.
        const advised = path.startsWith('/docs') && !link.startsWith('/docs');
        if (!HERE.test(link) || FILE.test(link) || advised || seen.has(kind)) continue;
        seen.add(kind);
        from.set(link, path);
        waiting.push(link);
      }
    }
    assert.deepEqual(broken, []);
    assert.deepEqual(person.faults, []);
    return seen.size;
  }

  async function examine(page, kind) {
    const found = [];
    for (const [colorScheme, viewport, rules] of [
      ['light', WIDE, null],
      ['dark', WIDE, ['color-contrast']],
      ['light', NARROW, ['target-size', 'scrollable-region-focusable']],
    ]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const axe = new AxeBuilder({ page });
      const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(STANDARDS)).analyze();
      for (const { id, help, nodes } of violations) {
        found.push(`${kind} ${colorScheme} ${viewport.width}: ${id}: ${help}: ${nodes.slice(0, 3).map((n) => n.html)}`);
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > viewport.width) found.push(`${kind}: ${wide} px wide at ${viewport.width}`);
      const name = `${kind.replace(/^\//, '').replace(/[^a-z0-9]+/gi, '-')}-${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path: join(SHOTS, name), fullPage: true });
    }
    await page.setViewportSize(WIDE);
    for (const one of found) console.error(one);
    return found;
  }

  it('finds every page of an owner open, and nothing wrong on any', async () => {
    const owner = await Person.arrive(browser, user('owner'), { viewport: WIDE });
    await owner.page.goto(site.issuer + START);
    await owner.signIn();
    const found = [];
    const kinds = await walk(owner, async (kind) => found.push(...(await examine(owner.page, kind))));
    assert.deepEqual(found, []);
    assert.ok(kinds > 40, `only ${kinds} pages`);
    await owner.leave();
  });

  for (const name of ['viewer', 'partner']) {
    it(`never leads a ${name} to a page that refuses them`, async () => {
      const person = await Person.arrive(browser, user(name), { viewport: WIDE });
      await person.page.goto(site.issuer + START);
      await person.signIn();
      await walk(person, async () => {});
      await person.leave();
    });
  }
});
